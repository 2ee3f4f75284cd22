package org.jmmu.swap;

import static org.jmmu.phys.PageFlags.PG_DIRTY;
import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;
import static org.jmmu.phys.PageFlags.PG_SWAPCACHE;
import static org.jmmu.phys.PageFlags.PG_UPTODATE;

import java.io.IOException;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.UnusedSwapCache;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;

/**
 * Pages that have a slot in a swap area: on their way out, just in, or not changed since they came
 * in. Such a page has the flag PG_SWAPCACHE, its entry in {@code private}, and a reference from
 * here. Flag and entry change while the page is locked.
 *
 * <pre>
 *             addToSwap                         last page-table entry becomes a swap entry
 *   anonymous ----------&gt; in the swap cache, mapped -----------------------&gt; unmapped
 *       ^                     |        ^                                       |      |
 *       |   freeSwap: nobody  |        +---------- a fault maps it ------------+      | removeMapping:
 *       +---- needs the slot -+                                                       | clean, unused
 *                                      +---- add: read for a fault ---- slot only &lt;---+
 * </pre>
 *
 * @kernel mm/swap_state.c
 */
public final class SwapCache implements UnusedSwapCache {
  /** References of an unmapped page: the swap cache's, and the caller's. */
  private static final int UNUSED = 2;

  private final PhysMemory phys;
  private final Frames frames;
  private final Swapfile swapfile;

  public SwapCache(PhysMemory phys, Frames frames, Swapfile swapfile) {
    this.phys = phys;
    this.frames = frames;
    this.swapfile = swapfile;
  }

  /** Whether the page is in the swap cache; stays so, or not, while it is locked. */
  public boolean has(long pfn) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PG_SWAPCACHE) != 0;
  }

  /** The slot of a page that is in the swap cache. */
  public long entry(long pfn) {
    return PageDesc.privateGetAcquire(phys, pfn);
  }

  /** Whether it is the page of that slot; stays so, or not, while the page is locked. */
  public boolean holds(long entry, long pfn) {
    return has(pfn) && entry(pfn) == entry;
  }

  /**
   * Takes a slot for an anonymous page, which the caller has locked.
   *
   * @return false if there is no slot
   * @kernel mm/swap_state.c:add_to_swap
   */
  public boolean addToSwap(long pfn) {
    long entry = swapfile.allocate(pfn);
    if (entry == SwpEntry.NONE) {
      return false;
    }
    frames.get(pfn);
    PageDesc.privateSetRelease(phys, pfn, entry);
    // Dirty: the slot does not have the page's content yet, whatever page-table entries say.
    PageDesc.flagsGetAndOr(phys, pfn, PG_SWAPCACHE | PG_UPTODATE | PG_DIRTY);
    return true;
  }

  /**
   * The page of a slot, with a reference for the caller, or {@link Buddy#NO_FRAME}. Takes no lock:
   * to be asked again, by {@link #holds}, once the page is locked.
   *
   * @kernel mm/swap_state.c:swap_cache_get_folio
   */
  public long findGet(long entry) {
    while (true) {
      long pfn = swapfile.cached(entry);
      if (pfn == 0) {
        return Buddy.NO_FRAME;
      }
      if (!frames.getUnlessZero(pfn)) {
        Thread.onSpinWait();
        continue; // on its way out of the cache
      }
      if (swapfile.cached(entry) == pfn) {
        return pfn;
      }
      frames.put(pfn);
    }
  }

  /**
   * Adds a new page, which the caller has locked.
   *
   * @return false if the slot is not in use, or has a page by now
   */
  boolean add(long entry, long pfn) {
    PageDesc.privateSetRelease(phys, pfn, entry);
    PageDesc.flagsGetAndOr(phys, pfn, PG_SWAPCACHE | PG_SWAPBACKED);
    frames.get(pfn);
    SwapInfo info = swapfile.infoOf(entry);
    if (info != null && info.map.addCached(Swapfile.slot(entry), pfn)) {
      return true;
    }
    forget(pfn);
    return false;
  }

  /** Takes a page out, which the caller has locked, whoever may need its slot. */
  void delete(long pfn) {
    long entry = entry(pfn);
    swapfile.map(entry).removeCached(Swapfile.slot(entry), pfn);
    forget(pfn);
  }

  /**
   * Gives the slot of a page up, if no page-table entry names it. The page is locked.
   *
   * @return whether the page is no longer in the swap cache
   * @kernel mm/swapfile.c:folio_free_swap
   */
  public boolean freeSwap(long pfn) {
    if (!has(pfn) || swapfile.count(entry(pfn)) != 0) {
      return false;
    }
    delete(pfn);
    PageDesc.flagsGetAndOr(phys, pfn, PG_DIRTY); // there is no other copy
    return true;
  }

  /** As {@link #freeSwap}, if slots are short. */
  public void freeSwapIfFull(long pfn) {
    if (swapfile.isFull()) {
      boolean _ = freeSwap(pfn);
    }
  }

  /**
   * A page-table entry less names a slot; the caller has just mapped its page instead.
   *
   * @kernel mm/swapfile.c:swap_free
   */
  public void freeEntry(long entry) {
    long _ = swapfile.map(entry).free(Swapfile.slot(entry));
  }

  /**
   * A page-table entry less names a slot, and there is nothing in its place. The caller may hold
   * the ptl.
   *
   * @kernel mm/swapfile.c:free_swap_and_cache
   */
  public void freeSwapAndCache(long entry) {
    long pfn = swapfile.map(entry).free(Swapfile.slot(entry));
    if (pfn != 0 && swapfile.count(entry) == 0) {
      tryToReclaimSwap(entry);
    }
  }

  /**
   * Only the swap cache has a reference to a page by now: then nobody may need the page any more.
   *
   * @kernel mm/swap_state.c:free_swap_cache
   */
  @Override
  public void oneReferenceLeft(long pfn) {
    // The caller has no reference any more: the frame may be anybody's.
    long entry = entry(pfn);
    if (swapfile.cached(entry) == pfn
        && swapfile.count(entry) == 0
        && PageDesc.mapcountGetAcquire(phys, pfn) == 0) {
      tryToReclaimSwap(entry);
    }
  }

  /**
   * Whoever has the page locked instead drops a reference later, and so ends up here again.
   *
   * @kernel mm/swapfile.c:__try_to_reclaim_swap
   */
  private void tryToReclaimSwap(long entry) {
    long pfn = findGet(entry);
    if (pfn == Buddy.NO_FRAME) {
      return;
    }
    PausePoint.reach("tryToReclaimSwap.found");
    if (PageLock.tryLock(phys, pfn)) {
      if (holds(entry, pfn) && PageDesc.mapcountGetAcquire(phys, pfn) == 0) {
        boolean _ = freeSwap(pfn);
      }
      PageLock.unlock(phys, pfn);
    }
    frames.put(pfn);
  }

  /**
   * Frees a page whose slot has its content, if nobody uses it. The page is locked, and the caller
   * has a reference: both go with the page.
   *
   * @return false, with nothing changed, if somebody uses it, or has written to it
   * @kernel mm/vmscan.c:__remove_mapping
   */
  public boolean removeMapping(long pfn) {
    // Frozen, no lookup gets a reference: what is clean now stays so.
    if (!frames.freeze(pfn, UNUSED)) {
      return false;
    }
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PG_DIRTY) != 0) {
      frames.unfreeze(pfn, UNUSED);
      return false;
    }
    long entry = entry(pfn);
    swapfile.map(entry).removeCached(Swapfile.slot(entry), pfn);
    PageDesc.flagsGetAndClear(phys, pfn, PG_SWAPCACHE);
    PageLock.unlock(phys, pfn);
    frames.freeFrozen(pfn);
    return true;
  }

  /**
   * Another frame takes the place of a page that nobody maps. Both are locked, and the caller has a
   * reference to each.
   *
   * @return false, with nothing changed, if somebody else has a reference to the page
   * @kernel mm/migrate.c:folio_migrate_mapping
   */
  public boolean migrateMapping(long newPfn, long pfn) {
    if (!frames.freeze(pfn, UNUSED)) {
      return false;
    }
    long entry = entry(pfn);
    frames.get(newPfn);
    PageDesc.privateSetRelease(phys, newPfn, entry);
    PageDesc.flagsGetAndOr(phys, newPfn, PG_SWAPCACHE);
    swapfile.map(entry).replaceCached(Swapfile.slot(entry), pfn, newPfn);
    PageDesc.flagsGetAndClear(phys, pfn, PG_SWAPCACHE);
    PageDesc.privateSetRelease(phys, pfn, 0);
    frames.unfreeze(pfn, UNUSED - 1);
    return true;
  }

  /**
   * Stores a dirty page in its slot. The page is locked, in the swap cache, and nobody can write to
   * it. An error leaves it dirty: nothing is lost.
   *
   * @return whether the slot has the page's content now
   * @kernel mm/page_io.c:swap_writeout
   */
  public boolean writeout(long pfn) {
    long entry = entry(pfn);
    SwapInfo info = swapfile.infoOf(entry);
    if (info == null) {
      return false;
    }
    PageDesc.flagsGetAndClear(phys, pfn, PG_DIRTY);
    PausePoint.reach("swapWriteout.begin");
    try {
      info.backing.writeFolio(
          SwpEntry.offset(entry), phys.frameAddr(pfn), (int) PhysMemory.PAGE_SIZE);
      return true;
    } catch (IOException e) {
      PageDesc.flagsGetAndOr(phys, pfn, PG_DIRTY);
      return false;
    }
  }

  private void forget(long pfn) {
    PageDesc.flagsGetAndClear(phys, pfn, PG_SWAPCACHE);
    PageDesc.privateSetRelease(phys, pfn, 0);
    frames.put(pfn);
  }
}
