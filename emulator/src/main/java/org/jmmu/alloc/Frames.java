package org.jmmu.alloc;

import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;

/**
 * Single frames with reference counts.
 *
 * @kernel include/linux/mm.h:get_page, put_page, get_page_unless_zero
 */
public final class Frames {
  private final PhysMemory phys;
  private final Buddy buddy;
  private final FailAlloc failAlloc;
  private UnusedSwapCache swapCache = pfn -> {}; // written before there is swap
  private DirectReclaim directReclaim = () -> false; // written before anybody allocates

  public Frames(PhysMemory phys, Buddy buddy, FailAlloc failAlloc) {
    this.phys = phys;
    this.buddy = buddy;
    this.failAlloc = failAlloc;
  }

  /** Lets the swap cache know of pages that nobody else has any more. */
  public void tellSwapCache(UnusedSwapCache swapCache) {
    this.swapCache = swapCache;
  }

  /** Says what is done when there is no free frame. */
  public void tellReclaim(DirectReclaim directReclaim) {
    this.directReclaim = directReclaim;
  }

  /** One frame with one reference and arbitrary content, or {@link Buddy#NO_FRAME}. */
  public long alloc(FrameType type) {
    if (failAlloc.shouldFail(type == FrameType.PAGE_TABLE ? "page table" : "page")) {
      return Buddy.NO_FRAME;
    }
    long pfn = buddy.alloc(0, type);
    return pfn != Buddy.NO_FRAME ? pfn : allocSlow(type);
  }

  /**
   * @kernel mm/page_alloc.c:__alloc_pages_direct_reclaim
   */
  private long allocSlow(FrameType type) {
    long pfn = Buddy.NO_FRAME;
    while (pfn == Buddy.NO_FRAME && directReclaim.tryToFreePages()) {
      pfn = buddy.alloc(0, type); // others may be faster
    }
    return pfn;
  }

  /** As {@link #alloc}, filled with zeroes. */
  public long allocZeroed(FrameType type) {
    long pfn = alloc(type);
    if (pfn != Buddy.NO_FRAME) {
      phys.clearPage(pfn);
    }
    return pfn;
  }

  /** The caller has a reference, or holds the page-table lock of an entry that has one. */
  public void get(long pfn) {
    PageDesc.refcountGetAndAdd(phys, pfn, 1);
  }

  /** For a caller with no reference: fails on a frame that is on its way back to the allocator. */
  public boolean getUnlessZero(long pfn) {
    while (true) {
      int count = PageDesc.refcountGetAcquire(phys, pfn);
      if (count == 0) {
        return false;
      }
      if (PageDesc.refcountCas(phys, pfn, count, count + 1)) {
        return true;
      }
    }
  }

  /**
   * Makes {@code count} references none, if that many there are: nobody else has one then, nor can
   * anybody take one before {@link #unfreeze}.
   *
   * @kernel include/linux/page_ref.h:folio_ref_freeze
   */
  public boolean freeze(long pfn, int count) {
    return PageDesc.refcountCas(phys, pfn, count, 0);
  }

  /**
   * @kernel include/linux/page_ref.h:folio_ref_unfreeze
   */
  public void unfreeze(long pfn, int count) {
    PageDesc.refcountSetRelease(phys, pfn, count);
  }

  /** Drops a reference; the last one gives the frame back. */
  public void put(long pfn) {
    if (putTestZero(pfn)) {
      buddy.free(pfn, 0);
    }
  }

  /** Gives a frozen frame back. */
  public void freeFrozen(long pfn) {
    PageDesc.mappingSetOpaque(phys, pfn, 0);
    buddy.free(pfn, 0);
  }

  /**
   * Drops a reference of each of the first {@code nr} frames of an array, and forgets which they
   * were.
   *
   * @kernel mm/swap.c:free_pages_and_swap_cache, mm/page_alloc.c:free_unref_folios
   */
  public void putAll(long[] pfns, int nr) {
    int nrFree = 0;
    for (int i = 0; i < nr; i++) {
      long pfn = pfns[i];
      if (putTestZero(pfn)) {
        pfns[nrFree++] = pfn;
      }
    }
    buddy.freeAll(pfns, nrFree);
  }

  private boolean putTestZero(long pfn) {
    int count = PageDesc.refcountGetAndAdd(phys, pfn, -1);
    if (count <= 0) {
      throw new KernelBug("reference count of frame " + pfn + " drops below zero");
    }
    if (count != 1) {
      if (count == 2 && (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_SWAPCACHE) != 0) {
        swapCache.oneReferenceLeft(pfn);
      }
      return false;
    }
    PageDesc.mappingSetOpaque(phys, pfn, 0);
    return true;
  }
}
