package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;
import org.jmmu.types.XArray;

/**
 * Advice that swaps out, or in. The caller holds mmap_lock, so that no table goes away.
 *
 * @kernel mm/madvise.c:madvise_pageout, swapin_walk_pmd_entry
 */
final class MadviseSwap {
  private static final int BATCH = 64;

  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final SwapIn swapIn;
  private final ReclaimPages reclaim;

  MadviseSwap(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      PageRmap pageRmap,
      SwapIn swapIn,
      ReclaimPages reclaim) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.swapIn = swapIn;
    this.reclaim = reclaim;
  }

  /**
   * Reclaims the pages that nobody else maps. Those of a file that one may not write stay: who has
   * them in memory is nobody's business.
   */
  void pageout(Vma vma, long start, long end) {
    long[] pfns = new long[BATCH];
    boolean filesToo = vma.file != null && vma.file.isWritable();
    for (long at = start; at < end; ) {
      long next = Math.min(PageTables.pmdAddrEnd(at, end), at + BATCH * PAGE_SIZE);
      long pteAddr = tables.pteOffset(vma.mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        int nr = isolate(pteAddr, (int) ((next - at) / PAGE_SIZE), pfns, filesToo);
        tables.unlock(pteAddr);
        int _ = reclaim.reclaimPages(pfns, nr);
      }
      at = next;
    }
  }

  /** Takes references under the ptl; returns how many. */
  private int isolate(long firstPteAddr, int nrEntries, long[] pfns, boolean filesToo) {
    int nr = 0;
    for (int i = 0; i < nrEntries; i++) {
      long pteVal = Mem.longGetOpaque(firstPteAddr + (long) i * Long.BYTES);
      if (Pte.isPresent(pteVal) && !Pte.isSpecial(pteVal)) {
        long pfn = Pte.pfn(pteVal);
        if ((filesToo || pageRmap.isAnon(pfn)) && PageDesc.mapcountGetAcquire(phys, pfn) == 1) {
          frames.get(pfn);
          pfns[nr++] = pfn;
        }
      }
    }
    return nr;
  }

  /** Reads what is swapped out into the swap cache, as far as it goes. */
  void willneed(Vma vma, long start, long end) {
    if (vma.file != null) {
      willneedShmem(vma.file.mapping, vma.linearPageIndex(start), vma.linearPageIndex(end));
      return;
    }
    for (long at = start; at < end; at += PAGE_SIZE) {
      long pteAddr = tables.pteOffset(vma.mm, at);
      if (pteAddr == PageTables.NONE) {
        continue;
      }
      long pteVal = Mem.longGetAcquire(pteAddr);
      if (SwapPte.isSwapEntry(pteVal) && !read(SwapPte.toEntry(pteVal))) {
        return;
      }
    }
  }

  /**
   * @kernel mm/madvise.c:shmem_swapin_range
   */
  private void willneedShmem(AddressSpace mapping, long first, long end) {
    for (long at = first; (at = mapping.pages.next(at)) != XArray.NONE && at < end; at++) {
      long found = mapping.pages.load(at);
      if (XArray.isValue(found) && !read(XArray.entryOf(found))) {
        return;
      }
    }
  }

  /** Whether it is worth while to go on. */
  private boolean read(long entry) {
    long pfn = swapIn.read(entry);
    if (pfn > 0) {
      frames.put(pfn);
    }
    return pfn != SwapIn.NO_MEMORY;
  }
}
