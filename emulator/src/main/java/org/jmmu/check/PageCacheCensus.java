package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.NO_LOCK_HELD;
import static org.jmmu.check.Violation.Invariant.PAGE_CACHE;

import java.util.Arrays;
import java.util.List;
import org.jmmu.filemap.MappingSlot;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.SlotTable;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.XArray;

/** Which frames are in page caches, over all files; judges every page on the way. */
final class PageCacheCensus {
  private final PhysMemory phys;
  private final SlotTable<MappingSlot> mappings;
  private final SwapCensus swap;
  private final List<Violation> violations;
  private boolean[] cached = new boolean[0]; // by frame

  PageCacheCensus(
      PhysMemory phys,
      SlotTable<MappingSlot> mappings,
      SwapCensus swap,
      List<Violation> violations) {
    this.phys = phys;
    this.swap = swap;
    this.mappings = mappings;
    this.violations = violations;
  }

  /** Starts over, for frames below {@code endPfn}. */
  void count(int endPfn) {
    if (cached.length < endPfn) {
      cached = new boolean[endPfn];
    } else {
      Arrays.fill(cached, false);
    }
    mappings.forEach(this::countFile);
  }

  boolean isCached(int pfn) {
    return cached[pfn];
  }

  private void countFile(MappingSlot slot) {
    AddressSpace mapping = slot.mappingGetVolatile();
    if (mapping == null) {
      return;
    }
    if (mapping.inodeLock.isLocked()
        || mapping.invalidateLock.isLocked()
        || mapping.iMmapRwsem.isLocked()
        || mapping.iPagesLock.isLocked()) {
      violations.add(new Violation(NO_LOCK_HELD, "a lock of a file"));
    }
    for (long at = 0; (at = mapping.pages.next(at)) != XArray.NONE; at++) {
      long found = mapping.pages.load(at);
      if (XArray.isValue(found)) {
        swap.countSlot(XArray.entryOf(found), "for page " + at + " of a file");
      } else {
        countPage(mapping, slot.handle(), at, found);
      }
    }
  }

  private void countPage(AddressSpace mapping, long handle, long index, long pfn) {
    boolean known = Long.compareUnsigned(pfn, cached.length) < 0;
    if (!known
        || cached[(int) pfn]
        || PageDesc.typeGetOpaque(phys, pfn)
            != (mapping.isHugetlb() ? FrameType.HUGETLB : FrameType.USER)
        || PageDesc.mappingGetAcquire(phys, pfn) != handle
        || PageDesc.indexGetOpaque(phys, pfn) != index) {
      violations.add(
          new Violation(PAGE_CACHE, "frame " + pfn + " stands for page " + index + " of a file"));
    }
    if (known) {
      cached[(int) pfn] = true;
    }
    if (mapping.isHugetlb() && index >= mapping.firstUnallocatedGetVolatile()) {
      violations.add(
          new Violation(PAGE_CACHE, "page " + index + " lies behind the end of its file"));
    }
    // fallocate may put pages behind the end; but nobody maps them, unless they are huge.
    if (!mapping.isHugetlb()
        && index >= mapping.nrPagesGetVolatile()
        && known
        && PageDesc.mapcountGetAcquire(phys, pfn) > 0) {
      violations.add(
          new Violation(PAGE_CACHE, "page " + index + " is mapped behind the end of its file"));
    }
  }
}
