package org.jmmu.filemap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.alloc.Buddy;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.XArray;

/**
 * Takes a range of a file out of its page cache.
 *
 * @kernel mm/truncate.c:truncate_inode_pages_range
 */
public final class TruncatePages {
  private final PhysMemory phys;
  private final PageCache pageCache;
  private final ShmemSwap shmemSwap;
  private final FolioMappers mappers;

  public TruncatePages(
      PhysMemory phys, PageCache pageCache, ShmemSwap shmemSwap, FolioMappers mappers) {
    this.phys = phys;
    this.pageCache = pageCache;
    this.shmemSwap = shmemSwap;
    this.mappers = mappers;
  }

  /**
   * Drops the pages that lie in [{@code start}, {@code end}) as a whole, and zeroes what there is
   * of the others. The caller holds invalidate_lock(W), or knows that nobody else uses the file.
   */
  public void range(AddressSpace mapping, long start, long end) {
    long first = (start + PAGE_SIZE - 1) >>> PAGE_SHIFT;
    long last = end >>> PAGE_SHIFT; // the first one that stays
    long at = first;
    while (at < last && (at = mapping.pages.next(at)) != XArray.NONE && at < last) {
      drop(mapping, at);
      at++;
    }
    long headEnd = Math.min(end, first << PAGE_SHIFT);
    if (start < headEnd) {
      zero(mapping, start, headEnd);
    }
    long tail = Math.max(last << PAGE_SHIFT, headEnd);
    if (tail < end) {
      zero(mapping, tail, end);
    }
  }

  /** A page may be swapped out, or in, while one looks: until there is neither page nor slot. */
  void drop(AddressSpace mapping, long index) {
    long found;
    while ((found = mapping.pages.load(index)) != 0) {
      PausePoint.reach("truncate.found");
      if (XArray.isValue(found)
          ? shmemSwap.free(mapping, index, found)
          : dropPage(mapping, index)) {
        return;
      }
    }
  }

  private boolean dropPage(AddressSpace mapping, long index) {
    long pfn = pageCache.findLock(mapping, index);
    if (pfn == Buddy.NO_FRAME) {
      return false;
    }
    // A fault that found the page before may have mapped it since the range was unmapped.
    if (PageDesc.mapcountGetAcquire(phys, pfn) != 0) {
      mappers.unmapFolio(mapping, index, pfn);
    }
    pageCache.remove(mapping, pfn);
    pageCache.unlockPut(pfn);
    return true;
  }

  /** [{@code start}, {@code end}) lies in one page. */
  private void zero(AddressSpace mapping, long start, long end) {
    long pfn = lockedPartial(mapping, start >>> PAGE_SHIFT);
    if (pfn == Buddy.NO_FRAME) {
      return;
    }
    if (pageCache.isUptodate(pfn)) {
      Mem.fill(phys.frameAddr(pfn) + (start & (PAGE_SIZE - 1)), end - start, (byte) 0);
      PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
    }
    pageCache.unlockPut(pfn);
  }

  /**
   * The page, swapped in if need be; {@link Buddy#NO_FRAME} for a hole. A page that cannot be read
   * keeps what it has, as in Linux.
   *
   * @kernel mm/shmem.c:shmem_get_partial_folio
   */
  private long lockedPartial(AddressSpace mapping, long index) {
    long found;
    while ((found = mapping.pages.load(index)) != 0) {
      long pfn =
          XArray.isValue(found)
              ? shmemSwap.swapIn(mapping, index, found)
              : pageCache.findLock(mapping, index);
      if (pfn != Buddy.NO_FRAME) {
        return pfn < 0 ? Buddy.NO_FRAME : pfn;
      }
    }
    return Buddy.NO_FRAME;
  }
}
