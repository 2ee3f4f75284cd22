package org.jmmu.race.migrationwait;

import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * A wait under watch: tells the fixture, if the calling thread reads for one, of each fault on a
 * migration entry. An access that faults again and again would never come back otherwise.
 */
record RefaultWatch(MigrationWaitProtocol watched) implements MigrationWaitProtocol {
  private static final ThreadLocal<@Nullable Watcher> WATCHER = new ThreadLocal<>();

  /** Who is told, on the faulting thread. */
  interface Watcher {
    /** Throws to end the access. */
    void refault();
  }

  /** Ends an access that would go on for ever. */
  static final class Livelock extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Livelock() {
      super("the access faults again and again", null, false, false);
    }
  }

  /** From here on {@code watcher} is told of the calling thread's faults; null: nobody is. */
  static void watch(@Nullable Watcher watcher) {
    WATCHER.set(watcher);
  }

  @Override
  public int migrationEntryWait(Parts parts, Vma vma, long vaddr, long pteAddr) {
    Watcher watcher = WATCHER.get();
    if (watcher != null) {
      watcher.refault();
    }
    return watched.migrationEntryWait(parts, vma, vaddr, pteAddr);
  }
}
