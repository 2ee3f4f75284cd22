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
  private static final int FIRST_NODE = 0;

  private final PhysMemory phys;
  private final Nodes nodes;
  private final FailAlloc failAlloc;
  private UnusedSwapCache swapCache = pfn -> {}; // written before there is swap
  private FreeHugeFolio hugePages = pfn -> {}; // written before there are any
  private DirectReclaim directReclaim = () -> false; // written before anybody allocates

  public Frames(PhysMemory phys, Nodes nodes, FailAlloc failAlloc) {
    this.phys = phys;
    this.nodes = nodes;
    this.failAlloc = failAlloc;
  }

  /** Lets the swap cache know of pages that nobody else has any more. */
  public void tellSwapCache(UnusedSwapCache swapCache) {
    this.swapCache = swapCache;
  }

  /** Says where huge pages go back to. */
  public void tellHugePages(FreeHugeFolio hugePages) {
    this.hugePages = hugePages;
  }

  /** Says what is done when there is no free frame. */
  public void tellReclaim(DirectReclaim directReclaim) {
    this.directReclaim = directReclaim;
  }

  /** One frame with one reference and arbitrary content, or {@link Buddy#NO_FRAME}. */
  public long alloc(FrameType type) {
    return alloc(type, FIRST_NODE);
  }

  /** As {@link #alloc(FrameType)}, from node {@code nid} as long as it has any. */
  public long alloc(FrameType type, int nid) {
    if (shouldFail(type)) {
      return Buddy.NO_FRAME;
    }
    long pfn = nodes.zone(nid).alloc(0, type);
    return pfn != Buddy.NO_FRAME ? pfn : allocSlow(type, nid);
  }

  /**
   * The node has no free frame: from others, or after reclaim.
   *
   * @kernel mm/page_alloc.c:__alloc_pages_direct_reclaim
   */
  private long allocSlow(FrameType type, int nid) {
    long pfn = nodes.alloc(0, type, nid);
    while (pfn == Buddy.NO_FRAME && directReclaim.tryToFreePages()) {
      pfn = nodes.alloc(0, type, nid); // others may be faster
    }
    return pfn;
  }

  /**
   * As {@link #alloc(FrameType)}, from node {@code nid} or not at all; nothing is reclaimed for it.
   *
   * @kernel include/linux/gfp_types.h:__GFP_THISNODE
   */
  public long allocThisNode(FrameType type, int nid) {
    return shouldFail(type) ? Buddy.NO_FRAME : nodes.zone(nid).alloc(0, type);
  }

  private boolean shouldFail(FrameType type) {
    return failAlloc.shouldFail(type == FrameType.PAGE_TABLE ? "page table" : "page");
  }

  /** As {@link #alloc}, filled with zeroes. */
  public long allocZeroed(FrameType type) {
    long pfn = alloc(type, FIRST_NODE);
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
      nodes.zoneOf(pfn).free(pfn, 0);
    }
  }

  /** Gives a frozen frame back. */
  public void freeFrozen(long pfn) {
    PageDesc.mappingSetOpaque(phys, pfn, 0);
    nodes.zoneOf(pfn).free(pfn, 0);
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
    for (int from = 0; from < nrFree; ) {
      Buddy zone = nodes.zoneOf(pfns[from]);
      int to = from + 1;
      while (to < nrFree && zone.contains(pfns[to])) {
        to++;
      }
      zone.freeAll(pfns, from, to);
      from = to;
    }
  }

  /** Whether the caller is to give the frame back. */
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
    if (PageDesc.typeGetOpaque(phys, pfn) == FrameType.HUGETLB) {
      hugePages.freeHugeFolio(pfn);
      return false;
    }
    return true;
  }
}
