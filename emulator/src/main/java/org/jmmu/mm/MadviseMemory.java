package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_HUGETLB;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_PFNMAP;
import static org.jmmu.types.VmFlags.VM_SHARED;

import org.jmmu.alloc.Frames;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Vma;

/**
 * Advice about the pages of one VMA. The caller holds mmap_lock.
 *
 * @kernel mm/madvise.c
 */
final class MadviseMemory {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final Zap zap;
  private final SwapCache swapCache;
  private final MadviseSwap swap;
  private final HugetlbUnmap hugePages;
  private final FileIo fileIo;

  MadviseMemory(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      Zap zap,
      SwapCache swapCache,
      MadviseSwap swap,
      FileIo fileIo,
      HugetlbUnmap hugePages) {
    this.hugePages = hugePages;
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.zap = zap;
    this.swapCache = swapCache;
    this.swap = swap;
    this.fileIo = fileIo;
  }

  /**
   * @throws ErrnoException EINVAL, EACCES
   */
  void advise(Vma vma, long start, long end, int advice) {
    long flags = vma.vmFlagsGetOpaque();
    switch (advice) {
      case Mman.MADV_WILLNEED -> {
        if (vma.file == null || vma.file.mapping.isShmem()) {
          swap.willneed(vma, start, end);
        } // files on disk: only a hint, and there is no read-ahead
      }
      case Mman.MADV_DONTNEED -> {
        refuse((flags & (VM_PFNMAP | VM_LOCKED)) != 0);
        dontneed(vma, start, end);
      }
      case Mman.MADV_DONTNEED_LOCKED -> {
        refuse((flags & VM_PFNMAP) != 0);
        dontneed(vma, start, end);
      }
      case Mman.MADV_FREE -> {
        refuse((flags & (VM_PFNMAP | VM_LOCKED)) != 0 || !vma.isAnonymous());
        age(vma, start, end, true);
      }
      case Mman.MADV_COLD -> {
        refuse((flags & (VM_PFNMAP | VM_LOCKED | VM_HUGETLB)) != 0);
        age(vma, start, end, false);
      }
      case Mman.MADV_PAGEOUT -> {
        refuse((flags & (VM_PFNMAP | VM_LOCKED | VM_HUGETLB)) != 0);
        swap.pageout(vma, start, end);
      }
      case Mman.MADV_REMOVE -> remove(vma, flags, start, end);
      case Mman.MADV_COLLAPSE -> refuse(true); // no mapping has huge pages
      default -> throw new AssertionError(advice);
    }
  }

  private static void refuse(boolean refused) {
    if (refused) {
      throw new ErrnoException(Errno.EINVAL, "advice that the mapping cannot take");
    }
  }

  /**
   * @kernel mm/madvise.c:madvise_dontneed_single_vma
   */
  private void dontneed(Vma vma, long start, long end) {
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    if (HugePages.isHugetlb(vma)) {
      refuse(!HugePages.isAligned(start));
      long last = end & HugePages.HPAGE_MASK; // no byte goes that was not named
      hugePages.range(gather, vma, start, last, HugetlbUnmap.Vmas.STAY);
      gather.finish();
      return;
    }
    zap.range(gather, vma.mm, start, end);
    gather.finish();
  }

  /**
   * Makes pages that nobody else maps the first to be reclaimed: old, and with {@code clean} such
   * that their content may be dropped until they are written to again. Reclaim itself does not
   * happen here.
   *
   * @kernel mm/madvise.c:madvise_cold_or_pageout_pte_range, madvise_free_pte_range
   */
  private void age(Vma vma, long start, long end, boolean clean) {
    boolean changed = false;
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pteAddr = tables.pteOffset(vma.mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        changed |= ageEntries(pteAddr, (next - at) / PAGE_SIZE, clean);
        tables.unlock(pteAddr);
      }
      at = next;
    }
    if (changed) {
      tlbFlush.range(vma.mm, start, end);
    }
  }

  private boolean ageEntries(long firstPteAddr, long nr, boolean clean) {
    boolean changed = false;
    for (long pteAddr = firstPteAddr; pteAddr < firstPteAddr + nr * Long.BYTES; pteAddr += 8) {
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (Pte.isPresent(pteVal)) {
        if (!Pte.isSpecial(pteVal)
            && PageDesc.mapcountGetAcquire(phys, Pte.pfn(pteVal)) == 1
            && (!clean || markLazyFree(Pte.pfn(pteVal)))
            && (Pte.isYoung(pteVal) || (clean && Pte.isDirty(pteVal)))) {
          Pte.mkOldIn(pteAddr, clean);
          changed = true;
        }
      } else if (clean && SwapPte.isSwapEntry(pteVal)) {
        Mem.longSetRelease(pteAddr, 0);
        swapCache.freeSwapAndCache(SwapPte.toEntry(pteVal));
      }
    }
    return changed;
  }

  /**
   * Lets reclaim drop a page unless it is written to from now on. The caller holds the ptl.
   *
   * @return false if somebody is busy with it, or needs its slot in a swap area
   * @kernel mm/swap.c:folio_mark_lazyfree
   */
  private boolean markLazyFree(long pfn) {
    if (!PageLock.tryLock(phys, pfn)) {
      return false;
    }
    boolean marked = !swapCache.has(pfn) || swapCache.freeSwap(pfn);
    if (marked) {
      PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_DIRTY | PageFlags.PG_SWAPBACKED);
    }
    PageLock.unlock(phys, pfn);
    return marked;
  }

  /**
   * Gives mmap_lock, held for reading, up for a while: the file's locks go first.
   *
   * @kernel mm/madvise.c:madvise_remove
   */
  private void remove(Vma vma, long flags, long start, long end) {
    MappedFile file = vma.file;
    if (file == null || (flags & VM_LOCKED) != 0) {
      throw new ErrnoException(Errno.EINVAL, "no file to make a hole in, or it is locked");
    }
    if ((flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE)) {
      throw new ErrnoException(Errno.EACCES, "a hole in a file that is not written to");
    }
    long offset = vma.linearPageIndex(start) << PAGE_SHIFT;
    MappedFile pinned = file.get(); // the mapping may go meanwhile
    vma.mm.mmapLock.readUnlock();
    try {
      int mode = Mman.FALLOC_FL_PUNCH_HOLE | Mman.FALLOC_FL_KEEP_SIZE;
      fileIo.fallocate(pinned, mode, offset, end - start);
    } finally {
      pinned.put();
      vma.mm.mmapLock.readLock();
    }
  }
}
