package org.jmmu.pgtable;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.lang.invoke.VarHandle;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.Shootdown;
import org.jmmu.types.Mm;
import org.jspecify.annotations.Nullable;

/**
 * Takes translations out of the TLBs of every CPU that runs an mm. Once a method has returned, no
 * CPU uses a translation that the page tables did not hold when it was called. CPUs that are idle
 * are left alone, see {@link LazyTlb}, unless page tables are about to be freed.
 *
 * @kernel arch/x86/mm/tlb.c:flush_tlb_mm_range
 */
public final class TlbFlush {
  /** CR4.PCIDE is off: a CPU forgets an address space when it switches to another. */
  private static final int NO_PCID = 0;

  private final Cpu[] cpus; // by id
  private final LazyTlb lazyTlb;

  public TlbFlush(Cpu[] cpus, SwitchMm switchMm) {
    this.cpus = cpus;
    this.lazyTlb = switchMm.lazyTlb();
  }

  /**
   * Flushes one page.
   *
   * @param self the CPU that the caller runs on; null if it runs on none
   */
  public void page(Mm mm, long vaddr, @Nullable Cpu self) {
    flush(mm, vaddr, vaddr + PAGE_SIZE, false, self);
  }

  /** Flushes [{@code start}, {@code end}), page aligned. */
  public void range(Mm mm, long start, long end) {
    flush(mm, start, end, false, null);
  }

  /** As {@link #range(Mm, long, long)}, for a caller that runs on CPU {@code self}. */
  public void range(Mm mm, long start, long end, @Nullable Cpu self) {
    flush(mm, start, end, false, self);
  }

  /** As {@link #range}, where page tables went as well, which idle CPUs must not keep either. */
  void rangeAndTables(Mm mm, long start, long end) {
    flush(mm, start, end, true, null);
  }

  private void flush(Mm mm, long start, long end, boolean freedTables, @Nullable Cpu self) {
    // Orders the caller's page-table stores before the look at who runs the mm: a CPU that starts
    // to run it later than this walks the new tables.
    VarHandle.fullFence();
    long targets = mm.cpumaskGetVolatile();
    if (!freedTables) {
      targets = withoutLazy(targets);
    }
    if (targets != 0) {
      Shootdown.flushPages(cpus, targets, self, NO_PCID, start, end);
    }
  }

  private long withoutLazy(long cpumask) {
    long targets = cpumask;
    for (long rest = cpumask; rest != 0; rest &= rest - 1) {
      int cpu = Long.numberOfTrailingZeros(rest);
      if (lazyTlb.spare(cpu)) {
        targets &= ~(1L << cpu);
      }
    }
    return targets;
  }
}
