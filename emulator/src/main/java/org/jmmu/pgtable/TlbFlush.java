package org.jmmu.pgtable;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hw.Cpu;
import org.jmmu.hw.Shootdown;
import org.jmmu.types.Mm;
import org.jspecify.annotations.Nullable;

/**
 * Takes translations out of the TLBs of every CPU that runs an mm. Once a method has returned, no
 * CPU uses a translation that the page tables did not hold when it was called.
 *
 * @kernel arch/x86/mm/tlb.c:flush_tlb_mm_range
 */
public final class TlbFlush {
  /** CR4.PCIDE is off: a CPU forgets an address space when it switches to another. */
  private static final int NO_PCID = 0;

  private final Cpu[] cpus; // by id

  public TlbFlush(Cpu[] cpus) {
    this.cpus = cpus;
  }

  /**
   * Flushes one page.
   *
   * @param self the CPU that the caller runs on; null if it runs on none
   */
  public void page(Mm mm, long vaddr, @Nullable Cpu self) {
    flush(mm, vaddr, vaddr + PAGE_SIZE, self);
  }

  /** Flushes [{@code start}, {@code end}), page aligned. */
  public void range(Mm mm, long start, long end) {
    flush(mm, start, end, null);
  }

  private void flush(Mm mm, long start, long end, @Nullable Cpu self) {
    // The atomic read orders the caller's page-table stores before it: a CPU that starts to run
    // the mm later than this walks the new tables.
    long cpumask = mm.cpumaskGetVolatile();
    if (cpumask != 0) {
      Shootdown.flushPages(cpus, cpumask, self, NO_PCID, start, end);
    }
  }
}
