package org.jmmu.compact;

import java.util.function.BooleanSupplier;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.migrate.IsolatedPages;
import org.jmmu.migrate.MigrateList;
import org.jmmu.migrate.MigratePages.Mode;
import org.jmmu.migrate.MigrationTarget;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;

/**
 * One run of compaction over one zone. Both scanners go block by block; a block of the kernel is as
 * large as a huge page, here it is smaller, because machines are.
 *
 * @kernel mm/compaction.c:compact_zone, struct compact_control
 */
final class CompactZone implements MigrationTarget {
  /** Compact the whole zone, whatever becomes free. */
  static final int WHOLE_ZONE = -1;

  private static final int PAGEBLOCK_ORDER = 5;
  private static final int PAGEBLOCK_NR_PAGES = 1 << PAGEBLOCK_ORDER;

  private final PhysMemory phys;
  private final Frames frames;
  private final Buddy zone;
  private final MigrateList migrateList;
  private final int order;
  private final Mode mode;
  private final BooleanSupplier stop;
  private final IsolatedPages migratePages;
  private final long[] freePages = new long[PAGEBLOCK_NR_PAGES]; // isolated, not used yet
  private int nrFreePages;
  private long migrateBlock; // next block to move pages from
  private long freeBlock; // next block to take free frames from, downwards
  private int nrMigrated;
  private int nrFailed;

  CompactZone(
      PhysMemory phys,
      Frames frames,
      Buddy zone,
      MigrateList migrateList,
      int order,
      Mode mode,
      BooleanSupplier stop) {
    this.phys = phys;
    this.frames = frames;
    this.zone = zone;
    this.migrateList = migrateList;
    this.order = order;
    this.mode = mode;
    this.stop = stop;
    this.migratePages = new IsolatedPages(phys, frames);
    this.migrateBlock = zone.start() >> PAGEBLOCK_ORDER;
    this.freeBlock = (zone.end() - 1) >> PAGEBLOCK_ORDER;
  }

  CompactResult run() {
    zone.drain();
    // As many frames again as are wanted: what is moved must go somewhere meanwhile.
    if (order != WHOLE_ZONE && !zone.hasFreeBlock(order) && zone.nrFree() < 2L << order) {
      return CompactResult.SKIPPED;
    }
    try {
      while (true) {
        if (order != WHOLE_ZONE && zone.hasFreeBlock(order)) {
          return CompactResult.SUCCESS;
        }
        if (freeBlock <= migrateBlock) {
          return CompactResult.COMPLETE;
        }
        if (stop.getAsBoolean()) {
          return CompactResult.CONTENDED;
        }
        isolateMigratePages(migrateBlock++);
        migrate();
      }
    } finally {
      for (int i = 0; i < nrFreePages; i++) {
        frames.put(freePages[i]);
      }
      zone.drain();
    }
  }

  int nrMigrated() {
    return nrMigrated;
  }

  /** Pages that were taken but could not be moved. */
  int nrFailed() {
    return nrFailed;
  }

  private void migrate() {
    int nr = migratePages.nr();
    if (nr > 0) {
      int _ = migrateList.migrate(migratePages, this, mode); // no free frame: the scanners met
      nrMigrated += nr - migratePages.nr();
      nrFailed += migratePages.nr();
      migratePages.putback();
      zone.drain();
    }
  }

  private void isolateMigratePages(long block) {
    long first = Math.max(block << PAGEBLOCK_ORDER, zone.start());
    long end = Math.min((block + 1) << PAGEBLOCK_ORDER, zone.end());
    for (long pfn = first; pfn < end; pfn++) {
      if (isUserPage(pfn) && frames.getUnlessZero(pfn)) {
        // With the reference, the frame keeps its owner; look at it once more.
        if (isUserPage(pfn) && !isPinnedAnon(pfn)) {
          boolean _ = migratePages.isolate(pfn); // or somebody else moves it just now
        }
        frames.put(pfn);
      }
    }
  }

  /** Whether the frame is a page with a mapping, so that it can be found by those who map it. */
  private boolean isUserPage(long pfn) {
    return PageDesc.typeGetOpaque(phys, pfn) == FrameType.USER
        && PageDesc.mappingGetAcquire(phys, pfn) != 0;
  }

  /** Whether there are more references than entries and our own: then a migration would fail. */
  private boolean isPinnedAnon(long pfn) {
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_SWAPCACHE) != 0) {
      return false; // the swap cache has a reference as well
    }
    return Slot.tag(PageDesc.mappingGetAcquire(phys, pfn)) == PageFlags.PAGE_MAPPING_ANON
        && PageDesc.refcountGetAcquire(phys, pfn) - 1 > PageDesc.mapcountGetAcquire(phys, pfn);
  }

  /**
   * @kernel mm/compaction.c:compaction_alloc, isolate_freepages
   */
  @Override
  public long newFolio(long pfn) {
    while (nrFreePages == 0 && freeBlock >= migrateBlock) {
      nrFreePages = zone.isolateFree(freeBlock--, PAGEBLOCK_ORDER, freePages, FrameType.USER);
    }
    return nrFreePages == 0 ? Buddy.NO_FRAME : freePages[--nrFreePages];
  }

  @Override
  public void putNewFolio(long newPfn) {
    if (nrFreePages < freePages.length) {
      freePages[nrFreePages++] = newPfn;
    } else {
      frames.put(newPfn);
    }
  }
}
