package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.HUGETLB_POOL;
import static org.jmmu.check.Violation.Invariant.HUGETLB_RESERVE;
import static org.jmmu.check.Violation.Invariant.MAPCOUNT;
import static org.jmmu.check.Violation.Invariant.NO_LEAKED_FRAME;
import static org.jmmu.check.Violation.Invariant.NO_LOCK_HELD;
import static org.jmmu.check.Violation.Invariant.REFCOUNT;
import static org.jmmu.check.Violation.Invariant.TABLE_OWNER;

import java.util.List;
import org.jmmu.hugetlb.HugePageCounts;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.ResvMap;
import org.jmmu.types.Vma;
import org.jmmu.types.XArray;

/** Counts huge pages, and who has reserved some; judges the counters of the pool by it. */
final class HugetlbCensus {
  private static final long ALL = Long.MAX_VALUE >>> HugePages.HPAGE_SHIFT;

  private final PhysMemory phys;
  private final Hugetlb hugetlb;
  private final List<Violation> violations;
  private long pages;
  private long free;
  private long reserved;

  HugetlbCensus(PhysMemory phys, Hugetlb hugetlb, List<Violation> violations) {
    this.phys = phys;
    this.hugetlb = hugetlb;
    this.violations = violations;
  }

  /** Starts over. */
  void begin() {
    pages = 0;
    free = 0;
    reserved = 0;
  }

  /** What a private mapping has reserved and not used up. */
  void countVma(Vma vma) {
    ResvMap map = vma.resvMap;
    if (map != null) {
      long nr = vma.nrPages() >>> HugePages.HPAGE_ORDER;
      long first = vma.vmPgoffGetOpaque() >>> HugePages.HPAGE_ORDER;
      reserved += nr - map.count(first, first + nr);
    }
  }

  /** The first frame of a huge page. */
  void countPage(int pfn, int mapped, boolean isCached) {
    pages++;
    int mapcount = PageDesc.mapcountGetAcquire(phys, pfn);
    int refcount = PageDesc.refcountGetAcquire(phys, pfn);
    if (mapcount != mapped) {
      add(MAPCOUNT, "huge page " + pfn + " says " + mapcount + ", " + mapped + " entries map it");
    }
    if (refcount != mapcount + (isCached ? 1 : 0)) {
      add(REFCOUNT, "huge page " + pfn + " has " + refcount + " references, mapcount " + mapcount);
    } else if (refcount == 0) {
      free++; // or lost: then the pool counts fewer
    }
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_HUGETLB_RESTORE_RESERVE) != 0) {
      if (mapcount == 0) {
        add(HUGETLB_RESERVE, "huge page " + pfn + " was never used");
      }
      reserved--; // its owner has given it up: the pool counts it when all have
    }
  }

  /** All pages and VMAs are counted: judges the counters. */
  void checkPool() {
    if (hugetlb.hstate.isLocked() || hugetlb.mutexes.isLocked()) {
      add(NO_LOCK_HELD, "a lock of huge pages");
    }
    for (String store : hugetlb.sharing.foreignStores()) {
      add(TABLE_OWNER, store);
    }
    hugetlb.files.forEach(this::countFile);
    HugePageCounts counts = hugetlb.hstate.counts();
    if (counts.total() != pages || counts.surp() > pages || counts.surp() < 0) {
      add(HUGETLB_POOL, pages + " huge pages, but the pool says " + counts);
    }
    if (counts.free() != free) {
      add(NO_LEAKED_FRAME, free + " huge pages are free, but the pool says " + counts);
    }
    if (counts.rsvd() != reserved || reserved > free) {
      add(HUGETLB_RESERVE, reserved + " huge pages are reserved, but the pool says " + counts);
    }
  }

  /** Of the pages in a file's map, those that do not exist are reserved. */
  private void countFile(AddressSpace mapping) {
    ResvMap map = mapping.resvMap;
    if (map == null) {
      return;
    }
    reserved += map.count(0, ALL);
    for (long at = 0; (at = mapping.pages.next(at)) != XArray.NONE; at++) {
      long index = at >>> HugePages.HPAGE_ORDER;
      reserved--;
      if (map.count(index, index + 1) == 0 || !HugePages.isAligned(at << PhysMemory.PAGE_SHIFT)) {
        add(HUGETLB_RESERVE, "page " + at + " of a file of huge pages is not in its map");
      }
    }
  }

  private void add(Violation.Invariant invariant, String where) {
    violations.add(new Violation(invariant, where));
  }
}
