package org.jmmu.race.execstack;

import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * A protocol under watch: tells the fixture, if the calling thread works for one, of a stack that
 * is built and about to move. Only then are there pages to migrate, and soon it is too late.
 */
record ShiftWatch(ExecStackProtocol watched) implements ExecStackProtocol {
  private static final ThreadLocal<@Nullable Watcher> WATCHER = new ThreadLocal<>();

  /** Who is told, on the thread that calls execve. */
  interface Watcher {
    void shiftBegins(Parts parts, Vma vma);
  }

  /** From here on {@code watcher} is told of the calling thread's stacks; null: nobody is. */
  static void watch(@Nullable Watcher watcher) {
    WATCHER.set(watcher);
  }

  @Override
  public long initialStackFlags() {
    return watched.initialStackFlags();
  }

  @Override
  public void shiftArgPages(Parts parts, Vma vma, long shift) {
    Watcher watcher = WATCHER.get();
    if (watcher != null) {
      watcher.shiftBegins(parts, vma);
    }
    PausePoint.reach("shiftArgPages.begin");
    watched.shiftArgPages(parts, vma, shift);
  }
}
