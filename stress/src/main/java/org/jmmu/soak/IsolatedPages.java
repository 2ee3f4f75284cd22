package org.jmmu.soak;

import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sys.Machine;
import org.jspecify.annotations.Nullable;

/**
 * Pages that one thread has isolated for another to migrate. As in compaction, whoever migrates
 * them has no business with an address space: looking them up would make the two threads take turns
 * at its mmap_lock, and no change of VMAs would ever meet a migration.
 */
final class IsolatedPages {
  private final Machine machine;
  private final AtomicReference<long @Nullable []> pfns = new AtomicReference<>();

  IsolatedPages(Machine machine) {
    this.machine = machine;
  }

  void offer(long[] isolated) {
    pfns.set(isolated);
  }

  /** Nobody is to migrate what nobody has begun to migrate yet. */
  void takeBack() {
    long[] left = pfns.getAndSet(null);
    if (left != null) {
      for (long pfn : left) {
        machine.putPage(pfn);
      }
    }
  }

  /** Migrates what is offered: how many pages went to another frame. */
  int migrate() {
    long[] taken = pfns.getAndSet(null);
    int moved = 0;
    if (taken != null) {
      for (long pfn : taken) {
        moved += machine.migratePage(pfn) == MigratePages.Result.MIGRATED ? 1 : 0;
      }
    }
    return moved;
  }
}
