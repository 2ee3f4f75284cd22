package org.jmmu.proc;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import java.util.Arrays;
import org.jmmu.hw.PteBits;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * {@code /proc/PID/pagemap}: a 64-bit word per page.
 *
 * <pre>
 *   63      62   61          58-60  57       56         55          0-54
 *   present swap file-backed  0     uffd-wp  mapped     soft-dirty  frame number, or swap type (0-4)
 *                or shared                   once only              and offset (5-54)
 * </pre>
 *
 * @kernel fs/proc/task_mmu.c:pte_to_pagemap_entry
 */
public final class Pagemap {
  public static final long PM_PFRAME_MASK = (1L << 55) - 1;
  public static final long PM_SOFT_DIRTY = 1L << 55;
  public static final long PM_MMAP_EXCLUSIVE = 1L << 56;
  public static final long PM_UFFD_WP = 1L << 57;
  public static final long PM_FILE = 1L << 61;
  public static final long PM_SWAP = 1L << 62;
  public static final long PM_PRESENT = 1L << 63;

  private static final int SWAP_TYPE_BITS = 5;

  private Pagemap() {}

  /** The words of {@code nrPages} pages from {@code vaddr} on. */
  public static long[] of(PhysMemory phys, PageTables tables, Mm mm, long vaddr, int nrPages) {
    long[] words = new long[nrPages];
    long end = vaddr + ((long) nrPages << PAGE_SHIFT);
    mm.mmapLock.readLock();
    try {
      for (Vma vma = mm.vmas.find(vaddr);
          vma != null && vma.vmStartGetOpaque() < end;
          vma = mm.vmas.next(vma)) {
        long from = Math.max(vaddr, vma.vmStartGetOpaque());
        long to = Math.min(end, vma.vmEndGetOpaque());
        long softDirty = (vma.vmFlagsGetOpaque() & VmFlags.VM_SOFTDIRTY) != 0 ? PM_SOFT_DIRTY : 0;
        Arrays.fill(words, index(vaddr, from), index(vaddr, to), softDirty);
        if ((vma.vmFlagsGetOpaque() & VmFlags.VM_HUGETLB) != 0) {
          hugePages(phys, tables, mm, from, to, words, index(vaddr, from));
        } else {
          PteRange.walk(
              tables, mm, from, to, (at, pteVal) -> words[index(vaddr, at)] |= word(phys, pteVal));
        }
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    return words;
  }

  /**
   * @kernel fs/proc/task_mmu.c:pagemap_hugetlb_range
   */
  private static void hugePages(
      PhysMemory phys, PageTables tables, Mm mm, long start, long end, long[] words, int first) {
    long inHugePage = PteBits.size(PteBits.LEVEL_PMD) - 1;
    for (long at = start; at < end; at += PhysMemory.PAGE_SIZE) {
      long pmdAddr = tables.hugePteOffset(mm, at);
      long entry = pmdAddr == PageTables.NONE ? 0 : Mem.longGetAcquire(pmdAddr);
      if (entry != 0) {
        long frame = (at & inHugePage) >>> PAGE_SHIFT; // of the huge page, whose first one says all
        words[first + index(start, at)] |= word(phys, entry) + frame;
      }
    }
  }

  private static int index(long first, long vaddr) {
    return (int) ((vaddr - first) >> PAGE_SHIFT);
  }

  private static long word(PhysMemory phys, long pteVal) {
    if (Pte.isPresent(pteVal)) {
      long pfn = Pte.pfn(pteVal);
      long word = PM_PRESENT | (pfn & PM_PFRAME_MASK) | (Pte.isUffdWp(pteVal) ? PM_UFFD_WP : 0);
      if (Pte.isSpecial(pteVal)) {
        return word;
      }
      boolean once = PageDesc.mapcountGetAcquire(phys, pfn) == 1;
      return word | file(phys, pfn) | (once ? PM_MMAP_EXCLUSIVE : 0);
    }
    long entry = SwapPte.type(pteVal) | (SwapPte.offset(pteVal) << SWAP_TYPE_BITS);
    long file =
        MigrationEntry.isMigrationEntry(pteVal) ? file(phys, MigrationEntry.pfn(pteVal)) : 0;
    long uffdWp = SwapPte.isUffdWp(pteVal) ? PM_UFFD_WP : 0;
    return PM_SWAP | (entry & PM_PFRAME_MASK) | file | uffdWp;
  }

  private static long file(PhysMemory phys, long pfn) {
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    return (mapping & PageFlags.PAGE_MAPPING_ANON) == 0 ? PM_FILE : 0;
  }
}
