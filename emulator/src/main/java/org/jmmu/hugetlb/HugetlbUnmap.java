package org.jmmu.hugetlb;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;

/**
 * Takes huge pages out of page tables.
 *
 * @kernel mm/hugetlb.c:__unmap_hugepage_range, fs/hugetlbfs/inode.c:hugetlb_vmdelete_list
 */
public final class HugetlbUnmap {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final Reservations reservations;

  public HugetlbUnmap(
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      Reservations reservations) {
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.reservations = reservations;
  }

  /** Takes out all pages of a range; they are freed when {@code gather} is finished. */
  public void range(MmuGather gather, Vma vma, long start, long end) {
    for (long at = start; at < end; at += HPAGE_SIZE) {
      long pmdAddr = tables.hugePteOffset(vma.mm, at);
      if (pmdAddr == PageTables.NONE) {
        continue;
      }
      tables.lock(pmdAddr);
      long word = Mem.longXchg(pmdAddr, 0);
      boolean promised = word != 0 && removeLocked(gather, vma, at, word);
      tables.unlock(pmdAddr);
      if (promised) {
        reservations.restoreUnmapped(vma, at);
      }
    }
  }

  /** Whether the VMA may have a page here once more, because it had reserved this one. */
  private boolean removeLocked(MmuGather gather, Vma vma, long vaddr, long word) {
    long pfn = Pte.pfn(word);
    gather.addRange(vaddr, vaddr + HPAGE_SIZE);
    pageRmap.remove(pfn);
    boolean promised =
        vma.resvMap != null && pageRmap.isAnon(pfn) && reservations.reserveWhenFreed(pfn);
    gather.addPage(pfn);
    return promised;
  }

  /**
   * Unmaps {@code pfn} from a VMA that will have to do without it from now on. The caller holds
   * i_mmap_rwsem.
   */
  void takeAway(Vma vma, long pgoff, long pfn) {
    long vaddr = vma.vmStartGetOpaque() + ((pgoff - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    long pmdAddr = tables.hugePteOffset(vma.mm, vaddr);
    if (pmdAddr == PageTables.NONE) {
      return;
    }
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    tables.lock(pmdAddr);
    long word = Mem.longGetOpaque(pmdAddr);
    if (Pte.isPresent(word) && Pte.pfn(word) == pfn) {
      vma.resvUnmappedSetVolatile(); // before the entry goes: a fault must not bring zeroes
      boolean _ = removeLocked(gather, vma, vaddr, Mem.longXchg(pmdAddr, 0));
    }
    tables.unlock(pmdAddr);
    gather.finish();
  }

  /**
   * Unmaps the pages [{@code from}, {@code to}) of a file, private copies included.
   *
   * @param from number of a huge page
   * @param to at most as large as a byte offset can name
   */
  void fileRange(AddressSpace mapping, long from, long to) {
    if (from >= to) {
      return;
    }
    long first = from << HugePages.HPAGE_ORDER;
    long last = (to << HugePages.HPAGE_ORDER) - 1;
    mapping.iMmapRwsem.writeLock();
    try {
      for (Vma vma = mapping.iMmap.firstOverlap(first, last);
          vma != null;
          vma = mapping.iMmap.nextOverlap(vma, first, last)) {
        unmapOne(vma, first, last);
      }
    } finally {
      mapping.iMmapRwsem.writeUnlock();
    }
  }

  private void unmapOne(Vma vma, long first, long last) {
    long pgoff = vma.vmPgoffGetOpaque();
    long start = vma.vmStartGetOpaque() + ((Math.max(first, pgoff) - pgoff) << PAGE_SHIFT);
    long end =
        vma.vmStartGetOpaque() + ((Math.min(last, vma.lastPgoff()) + 1 - pgoff) << PAGE_SHIFT);
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    range(gather, vma, start, end);
    gather.finish();
  }
}
