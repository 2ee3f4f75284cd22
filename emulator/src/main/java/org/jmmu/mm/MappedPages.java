package org.jmmu.mm;

import static org.jmmu.types.VmFlags.VM_ACCOUNT;

import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Pages that whole VMAs of a range cover.
 *
 * @param total all of them
 * @param accounted those that count against the commit limit
 */
record MappedPages(long total, long accounted) {
  /** No VMA may stick out of the range. The caller holds mmap_lock. */
  static MappedPages within(Mm mm, long start, long end) {
    long total = 0;
    long accounted = 0;
    Vma vma = mm.vmas.find(start);
    while (vma != null && vma.vmStartGetOpaque() < end) {
      total += vma.nrPages();
      if ((vma.vmFlagsGetOpaque() & VM_ACCOUNT) != 0) {
        accounted += vma.nrPages();
      }
      vma = mm.vmas.next(vma);
    }
    return new MappedPages(total, accounted);
  }
}
