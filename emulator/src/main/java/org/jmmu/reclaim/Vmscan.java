package org.jmmu.reclaim;

import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.alloc.DirectReclaim;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.mm.ReclaimPages;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.RmapWindow;
import org.jmmu.swap.Swapfile;

/**
 * Looks for pages to reclaim, all over memory: anonymous ones, and those of files.
 *
 * <p>A clock: its hand goes from frame to frame. A page that was accessed since the hand last came
 * by is spared once. Linux keeps lists instead, so that it need not look at frames that cannot be
 * reclaimed; they cost every fault something, and this costs it nothing.
 *
 * @kernel mm/vmscan.c:shrink_lruvec
 */
public final class Vmscan implements ReclaimPages, DirectReclaim {
  /** The first turn may do no more than find out which pages are in use. */
  private static final int TURNS = 2;

  /** Pages freed at once for somebody who needs one: SWAP_CLUSTER_MAX. */
  private static final int CLUSTER = 32;

  private final PhysMemory phys;
  private final Nodes nodes;
  private final Frames frames;
  private final PageTables tables;
  private final AnonVmas anonVmas;
  private final RmapWalk rmapWalk;
  private final Swapfile swapfile;
  private final ShrinkPage shrinkPage;
  private final AtomicLong hand = new AtomicLong();

  public Vmscan(
      PhysMemory phys,
      Nodes nodes,
      Frames frames,
      PageTables tables,
      AnonVmas anonVmas,
      RmapWalk rmapWalk,
      Swapfile swapfile,
      ShrinkPage shrinkPage) {
    this.phys = phys;
    this.nodes = nodes;
    this.frames = frames;
    this.tables = tables;
    this.anonVmas = anonVmas;
    this.rmapWalk = rmapWalk;
    this.swapfile = swapfile;
    this.shrinkPage = shrinkPage;
  }

  /**
   * Frees pages, {@code nr} if there are as many. The caller may hold mmap_lock, but no page lock
   * and nothing inside it.
   *
   * @return pages freed
   */
  public int shrink(int nr) {
    ReferencedPages referencedPages = new ReferencedPages(phys, anonVmas, rmapWalk, tables);
    long[] pfns = new long[RmapWindow.SLOTS];
    long end = nodes.usedEnd();
    int freed = 0;
    for (long looked = 0; looked < TURNS * end && freed < nr; ) {
      int wanted = Math.min(pfns.length, nr - freed);
      int isolated = 0;
      for (; looked < TURNS * end && isolated < wanted; looked++) {
        long pfn = hand.getAndIncrement() % end;
        if (isolate(pfn)) {
          pfns[isolated++] = pfn;
        }
      }
      freed += shrink(pfns, isolated, referencedPages.check(pfns, isolated));
    }
    return freed;
  }

  private int shrink(long[] pfns, int nr, long spared) {
    int freed = 0;
    for (int i = 0; i < nr; i++) {
      if ((spared & 1L << i) != 0) {
        frames.put(pfns[i]);
      } else if (shrinkPage.shrink(pfns[i])) {
        freed++;
      }
    }
    return freed;
  }

  @Override
  public int reclaimPages(long[] pfns, int nr) {
    int freed = 0;
    for (int i = 0; i < nr; i++) {
      freed += shrinkPage.shrink(pfns[i]) ? 1 : 0;
    }
    return freed;
  }

  @Override
  public boolean tryToFreePages() {
    return shrink(CLUSTER) > 0;
  }

  /** The hand starts over. */
  public void reset() {
    hand.set(0);
  }

  /** Takes a reference, if the frame may hold a page that can be reclaimed. */
  private boolean isolate(long pfn) {
    if (!mayBeReclaimed(pfn) || !frames.getUnlessZero(pfn)) {
      return false;
    }
    if (mayBeReclaimed(pfn)) {
      return true; // and whose it is shows once it is locked
    }
    frames.put(pfn);
    return false;
  }

  private boolean mayBeReclaimed(long pfn) {
    if (PageDesc.typeGetOpaque(phys, pfn) != FrameType.USER) {
      return false;
    }
    long flags = PageDesc.flagsGetAcquire(phys, pfn);
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    if ((mapping & PageFlags.PAGE_MAPPING_ANON) == 0) {
      return mapping != 0 || (flags & PageFlags.PG_SWAPCACHE) != 0;
    }
    // Without an area, only those that MADV_FREE was told of: the others are not even looked up.
    return swapfile.hasAreas() || (flags & PageFlags.PG_SWAPBACKED) == 0;
  }
}
