package org.jmmu.soak;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sys.Machine;
import org.jspecify.annotations.Nullable;

/**
 * Pages that one thread has isolated for another to migrate. As in compaction, whoever migrates
 * them has no business with an address space: looking them up would make the two threads take turns
 * at its mmap_lock, and no change of VMAs would ever meet a migration.
 */
final class IsolatedPages {
  /** How long one thread waits for the other, which may be without a CPU, before it goes on. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int SPINS = 1_000; // before the CPU goes to whoever needs it

  private final Machine machine;
  private final AtomicReference<long @Nullable []> pfns = new AtomicReference<>();
  private volatile boolean open;

  IsolatedPages(Machine machine) {
    this.machine = machine;
  }

  /** Pages will be offered. */
  void open() {
    open = true;
  }

  /** No more will be; nobody is to migrate what nobody has begun to migrate yet. */
  void close() {
    takeBack();
    open = false;
  }

  void awaitOpen() {
    await(() -> open);
  }

  /**
   * Returns when somebody has begun to migrate them, or nobody seems to be about to.
   *
   * @param spins how much later: now it is the first page's turn then, now another's
   */
  void offer(long[] isolated, int spins) {
    pfns.set(isolated);
    await(() -> pfns.get() == null);
    takeBack();
    spin(spins);
  }

  static void spin(int times) {
    for (int i = 0; i < times; i++) {
      Thread.onSpinWait();
    }
  }

  private void takeBack() {
    long[] left = pfns.getAndSet(null);
    if (left != null) {
      for (long pfn : left) {
        machine.putPage(pfn);
      }
    }
  }

  /** Migrates what is offered, now or soon: how many pages went to another frame. */
  int migrate() {
    await(() -> pfns.get() != null || !open);
    long[] taken = pfns.getAndSet(null);
    int moved = 0;
    if (taken != null) {
      for (long pfn : taken) {
        moved += machine.migratePage(pfn) == MigratePages.Result.MIGRATED ? 1 : 0;
      }
    }
    return moved;
  }

  @SuppressWarnings("ThreadPriorityCheck") // yields to a thread that was descheduled
  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    for (int spins = 0; !condition.getAsBoolean(); spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else if (System.nanoTime() - end < 0) {
        Thread.yield();
      } else {
        return;
      }
    }
  }
}
