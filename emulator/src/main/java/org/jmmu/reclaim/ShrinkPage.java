package org.jmmu.reclaim;

import static org.jmmu.phys.PageFlags.PG_DIRTY;
import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;

import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.filemap.ShmemSwap;
import org.jmmu.filemap.Writeback;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.TryToUnmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;

/**
 * Reclaims one page; those of files as {@link ShrinkFilePage} does, the others so:
 *
 * <pre>
 *   lock page ─▶ slot in a swap area ─▶ entries become swap entries ─▶ write ─▶ free
 * </pre>
 *
 * A page that MADV_FREE was told of, and that has not been written to since, needs no slot.
 * Whatever goes wrong on the way leaves the page where it is, in the swap cache perhaps: a fault
 * finds it there.
 *
 * @kernel mm/vmscan.c:shrink_folio_list
 */
public final class ShrinkPage {
  private final PhysMemory phys;
  private final Frames frames;
  private final AnonVmas anonVmas;
  private final RmapWalk rmapWalk;
  private final PageRmap pageRmap;
  private final TryToUnmap tryToUnmap;
  private final SwapCache swapCache;
  private final Swapfile swapfile;
  private final PageCache pageCache;
  private final ShrinkFilePage shrinkFilePage;

  public ShrinkPage(
      PhysMemory phys,
      Frames frames,
      AnonVmas anonVmas,
      RmapWalk rmapWalk,
      PageRmap pageRmap,
      TryToUnmap tryToUnmap,
      SwapCache swapCache,
      Swapfile swapfile,
      PageCache pageCache,
      Writeback writeback,
      ShmemSwap shmemSwap) {
    this.phys = phys;
    this.frames = frames;
    this.anonVmas = anonVmas;
    this.rmapWalk = rmapWalk;
    this.pageRmap = pageRmap;
    this.tryToUnmap = tryToUnmap;
    this.swapCache = swapCache;
    this.swapfile = swapfile;
    this.pageCache = pageCache;
    this.shrinkFilePage =
        new ShrinkFilePage(
            phys, rmapWalk, tryToUnmap, pageCache, writeback, shmemSwap, swapCache, swapfile);
  }

  /**
   * @param pfn with a reference of the caller's, dropped in every case
   * @return whether the page is free now
   */
  boolean shrink(long pfn) {
    if (!PageLock.tryLock(phys, pfn)) {
      frames.put(pfn);
      return false;
    }
    AddressSpace mapping = pageCache.of(PageDesc.mappingGetAcquire(phys, pfn));
    boolean freed = // and unlocked, if so
        mapping != null ? shrinkFilePage.shrinkLocked(mapping, pfn) : shrinkLocked(pfn);
    if (!freed) {
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
    }
    return freed;
  }

  private boolean shrinkLocked(long pfn) {
    if (!swapCache.has(pfn)
        && (!pageRmap.isAnon(pfn) || PageDesc.mapcountGetAcquire(phys, pfn) == 0)) {
      return false; // nobody's any more
    }
    boolean lazyFree = !swapCache.has(pfn) && !has(pfn, PG_SWAPBACKED);
    if (!lazyFree && !swapfile.hasAreas()) {
      return false;
    }
    if (!lazyFree && !swapCache.has(pfn) && !swapCache.addToSwap(pfn)) {
      return false;
    }
    PausePoint.reach("shrinkPage.added");
    walk(pfn, tryToUnmap);
    PausePoint.reach("shrinkPage.unmapped");
    if (PageDesc.mapcountGetAcquire(phys, pfn) > 0) {
      boolean _ = swapCache.freeSwap(pfn); // in vain: locked in memory, or a new mapping
      return false;
    }
    if (lazyFree) {
      return removeLazyFree(pfn);
    }
    if (swapCache.freeSwap(pfn)) {
      return false; // the last one who had it is gone: with the caller's reference it goes, too
    }
    if (has(pfn, PG_DIRTY) && !swapCache.writeout(pfn)) {
      return false;
    }
    PausePoint.reach("shrinkPage.written");
    return swapCache.removeMapping(pfn);
  }

  private boolean removeLazyFree(long pfn) {
    if (!frames.freeze(pfn, 1)) {
      return false;
    }
    PageLock.unlock(phys, pfn);
    frames.freeFrozen(pfn);
    return true;
  }

  /** Unless the page is mapped nowhere; then its anon_vma may be gone. A merged one has its own. */
  private void walk(long pfn, RmapOne one) {
    if (pageRmap.isKsm(pfn)) {
      rmapWalk.walk(pfn, one, 0);
      return;
    }
    AnonVma anonVma = anonVmas.getMapped(pfn);
    if (anonVma != null) {
      try {
        rmapWalk.walk(pfn, one, 0);
      } finally {
        anonVmas.put(anonVma);
      }
    }
  }

  private boolean has(long pfn, long flag) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & flag) != 0;
  }
}
