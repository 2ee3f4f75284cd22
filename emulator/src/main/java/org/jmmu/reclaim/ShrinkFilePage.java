package org.jmmu.reclaim;

import static org.jmmu.phys.PageFlags.PG_DIRTY;
import static org.jmmu.phys.PageFlags.PG_UPTODATE;

import org.jmmu.filemap.PageCache;
import org.jmmu.filemap.ShmemSwap;
import org.jmmu.filemap.Writeback;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.TryToUnmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AddressSpace;

/**
 * Reclaims one page of a file.
 *
 * <pre>
 *   on disk:        unmap ─▶ write, if dirty ─▶ out of the page cache, free
 *   memory alone:   unmap ─▶ slot, from the page cache to the swap cache, if dirty ─▶ write ─▶ free
 * </pre>
 *
 * Since 6.16 Linux asks its flusher threads to write a dirty page of a file on disk, and takes the
 * page later. Here the page is written at once; what an error means is the same: the page counts as
 * clean, the file has the error, and the bytes go with the page.
 *
 * @kernel mm/vmscan.c:shrink_folio_list
 */
final class ShrinkFilePage {
  private static final int CACHE_AND_CALLER = 2;

  private final PhysMemory phys;
  private final RmapWalk rmapWalk;
  private final TryToUnmap tryToUnmap;
  private final PageCache pageCache;
  private final Writeback writeback;
  private final ShmemSwap shmemSwap;
  private final SwapCache swapCache;
  private final Swapfile swapfile;

  ShrinkFilePage(
      PhysMemory phys,
      RmapWalk rmapWalk,
      TryToUnmap tryToUnmap,
      PageCache pageCache,
      Writeback writeback,
      ShmemSwap shmemSwap,
      SwapCache swapCache,
      Swapfile swapfile) {
    this.phys = phys;
    this.rmapWalk = rmapWalk;
    this.tryToUnmap = tryToUnmap;
    this.pageCache = pageCache;
    this.writeback = writeback;
    this.shmemSwap = shmemSwap;
    this.swapCache = swapCache;
    this.swapfile = swapfile;
  }

  /**
   * The page is locked, so that it stays the file's, and the caller has a reference.
   *
   * @return whether it is free, with lock and reference gone
   */
  boolean shrinkLocked(AddressSpace mapping, long pfn) {
    if (mapping.isShmem() ? !swapfile.hasAreas() : mapping.backing == null) {
      return false; // there is nowhere to put it
    }
    if (mapcount(pfn) > 0) {
      rmapWalk.walk(pfn, tryToUnmap, 0);
    }
    PausePoint.reach("shrinkFilePage.unmapped");
    // Who faults now waits for the page lock. Others may be about to read or write.
    if (mapcount(pfn) > 0 || PageDesc.refcountGetAcquire(phys, pfn) != CACHE_AND_CALLER) {
      return false;
    }
    return mapping.isShmem() ? shrinkShmem(mapping, pfn) : shrinkRegular(mapping, pfn);
  }

  private boolean shrinkRegular(AddressSpace mapping, long pfn) {
    if (has(pfn, PG_DIRTY) && !writeback.folio(mapping, pfn)) {
      return false;
    }
    PausePoint.reach("shrinkFilePage.written");
    return pageCache.removeMapping(mapping, pfn);
  }

  private boolean shrinkShmem(AddressSpace mapping, long pfn) {
    if (!has(pfn, PG_DIRTY) && has(pfn, PG_UPTODATE)) {
      return pageCache.removeMapping(mapping, pfn); // zeroes still: as good as a hole
    }
    if (!shmemSwap.moveToSwapCache(mapping, pfn) || !swapCache.writeout(pfn)) {
      return false;
    }
    PausePoint.reach("shrinkPage.written");
    return swapCache.removeMapping(pfn);
  }

  private int mapcount(long pfn) {
    return PageDesc.mapcountGetAcquire(phys, pfn);
  }

  private boolean has(long pfn, long flag) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & flag) != 0;
  }
}
