package org.jmmu.filemap;

import static org.jmmu.phys.PageFlags.PG_DIRTY;
import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;
import static org.jmmu.phys.PageFlags.PG_UPTODATE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.XArray;

/**
 * Pages of files that live in memory alone, on their way to a swap area and back. A page is in one
 * of two caches; while it is not in that of its file, its place there names its slot, and is the
 * one entry that the slot counts.
 *
 * <pre>
 *                     moveToSwapCache                      removeMapping
 *   in the page cache ----------------&gt; in the swap cache ----------------&gt; in its slot
 *           ^                             |          ^                         |
 *           +-----------------------------+          +-------------------------+
 *                       swapIn                            swapIn, first half
 * </pre>
 *
 * Page and place change while the page is locked, the place under i_pages as well: whoever frees
 * the place, a truncation, has no page to lock.
 *
 * @kernel mm/shmem.c
 */
public final class ShmemSwap {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageCache pageCache;
  private final Swapfile swapfile;
  private final SwapCache swapCache;
  private final SwapIn swapIn;

  public ShmemSwap(
      PhysMemory phys,
      Frames frames,
      PageCache pageCache,
      Swapfile swapfile,
      SwapCache swapCache,
      SwapIn swapIn) {
    this.phys = phys;
    this.frames = frames;
    this.pageCache = pageCache;
    this.swapfile = swapfile;
    this.swapCache = swapCache;
    this.swapIn = swapIn;
  }

  /**
   * Takes a slot for a page, which is locked and mapped nowhere, and moves it to the swap cache,
   * dirty. The caller has a reference.
   *
   * @return false, with nothing changed, if there is no slot
   * @kernel mm/shmem.c:shmem_writeout, shmem_delete_from_page_cache
   */
  public boolean moveToSwapCache(AddressSpace mapping, long pfn) {
    if (!pageCache.isUptodate(pfn)) { // allocated, and never used
      phys.clearPage(pfn);
      PageDesc.flagsGetAndOr(phys, pfn, PG_UPTODATE);
    }
    if (!swapCache.addToSwap(pfn)) {
      return false;
    }
    long entry = swapCache.entry(pfn);
    boolean _ = swapfile.duplicate(entry); // the first one is counted without further memory
    PausePoint.reach("shmemWriteout.added");
    mapping.iPagesLock.writeLock();
    mapping.pages.replace(PageDesc.indexGetOpaque(phys, pfn), XArray.value(entry));
    PageDesc.mappingSetRelease(phys, pfn, 0);
    mapping.iPagesLock.writeUnlock();
    frames.put(pfn);
    PausePoint.reach("shmemWriteout.moved");
    return true;
  }

  /**
   * Brings a page back into the page cache. Called without page locks.
   *
   * @param value what was found in its place
   * @return the page, locked and with a reference for the caller; {@link Buddy#NO_FRAME} if the
   *     place has changed; or an error of {@link GetFolio}, with nothing changed
   * @kernel mm/shmem.c:shmem_swapin_folio
   */
  public long swapIn(AddressSpace mapping, long index, long value) {
    long entry = XArray.entryOf(value);
    long pfn = swapIn.read(entry);
    if (pfn == SwapIn.GONE) {
      return Buddy.NO_FRAME;
    }
    if (pfn == SwapIn.NO_MEMORY || pfn == SwapIn.IO_ERROR) {
      boolean still = mapping.pages.load(index) == value;
      return !still
          ? Buddy.NO_FRAME
          : pfn == SwapIn.NO_MEMORY ? GetFolio.NO_MEMORY : GetFolio.IO_ERROR;
    }
    PausePoint.reach("shmemSwapin.found");
    PageLock.lock(phys, pfn);
    if (!swapCache.holds(entry, pfn) || !addSwappedIn(mapping, index, value, pfn)) {
      pageCache.unlockPut(pfn); // and with it the page, if the slot is nobody's any more
      return Buddy.NO_FRAME;
    }
    swapCache.freeEntry(entry);
    boolean _ = swapCache.freeSwap(pfn); // dirty from here on
    return pfn;
  }

  /**
   * @kernel mm/shmem.c:shmem_add_to_page_cache
   */
  private boolean addSwappedIn(AddressSpace mapping, long index, long value, long pfn) {
    mapping.iPagesLock.writeLock();
    try {
      if (mapping.pages.load(index) != value) {
        return false;
      }
      PageDesc.flagsGetAndOr(phys, pfn, PG_SWAPBACKED | PG_DIRTY);
      PageDesc.indexSetOpaque(phys, pfn, index);
      PageDesc.mappingSetRelease(phys, pfn, mapping.handleGetVolatile());
      frames.get(pfn);
      mapping.pages.replace(index, pfn);
      return true;
    } finally {
      mapping.iPagesLock.writeUnlock();
    }
  }

  /**
   * Makes the place of a page that is swapped out a hole.
   *
   * @return false if it has changed
   * @kernel mm/shmem.c:shmem_free_swap
   */
  boolean free(AddressSpace mapping, long index, long value) {
    mapping.iPagesLock.writeLock();
    try {
      if (mapping.pages.load(index) != value) {
        return false;
      }
      mapping.pages.erase(index);
    } finally {
      mapping.iPagesLock.writeUnlock();
    }
    swapCache.freeSwapAndCache(XArray.entryOf(value));
    return true;
  }
}
