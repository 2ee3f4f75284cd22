package org.jmmu.reclaim;

import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.FolioReferenced;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.RmapWindow;
import org.jmmu.rmap.WindowReferenced;
import org.jmmu.types.AnonVma;

/**
 * Finds out which of some pages were accessed since the last time. Neighbours in one mapping tend
 * to be neighbours in memory as well, so that the clock's hand comes by them one after the other:
 * their reverse map is walked once for all of them, where the protocol of race vma-adjust can.
 *
 * <p>For one thread.
 *
 * @kernel mm/vmscan.c:folio_check_references, lru_gen_look_around
 */
final class ReferencedPages {
  private final PhysMemory phys;
  private final AnonVmas anonVmas;
  private final RmapWalk rmapWalk;
  private final RmapWindow window;
  private final WindowReferenced together;
  private final FolioReferenced alone;
  private final int[] members = new int[RmapWindow.SLOTS]; // by slot: which of the pages

  ReferencedPages(PhysMemory phys, AnonVmas anonVmas, RmapWalk rmapWalk, PageTables tables) {
    this.phys = phys;
    this.anonVmas = anonVmas;
    this.rmapWalk = rmapWalk;
    this.window = new RmapWindow(phys);
    this.together = new WindowReferenced(tables);
    this.alone = new FolioReferenced(tables);
  }

  /**
   * @param pfns {@code nr} pages, to each of which the caller has a reference
   * @param nr {@value RmapWindow#SLOTS} at most
   * @return bit n: page n was referenced, or somebody has it locked
   */
  long check(long[] pfns, int nr) {
    long referenced = 0;
    for (int first = 0; first < nr; ) {
      window.clear();
      int next = first;
      while (next < nr && join(pfns[next], next)) {
        next++;
      }
      if (window.size() > 1 && rmapWalk.walkWindow(window, together)) {
        referenced |= pagesOf(together.takeYoung());
      } else {
        next = Math.max(next, first + 1);
        for (int i = first; i < next; i++) {
          referenced |= isYoung(pfns[i]) ? 1L << i : 0;
        }
      }
      first = next;
    }
    for (int i = 0; i < nr; i++) {
      if ((referenced & 1L << i) == 0 && takeReferencedFlag(pfns[i])) {
        referenced |= 1L << i;
      }
    }
    return referenced;
  }

  private boolean join(long pfn, int which) {
    int slot = window.add(pfn);
    if (slot < 0) {
      return false;
    }
    members[slot] = which;
    return true;
  }

  private long pagesOf(long slots) {
    long pages = 0;
    for (long rest = slots; rest != 0; rest &= rest - 1) {
      pages |= 1L << members[Long.numberOfTrailingZeros(rest)];
    }
    return pages;
  }

  /** By a walk of its own; not if it is mapped nowhere, for then its anon_vma may be gone. */
  private boolean isYoung(long pfn) {
    if (!PageLock.tryLock(phys, pfn)) {
      return true; // whoever has it locked is about to do something with it
    }
    try {
      if (Slot.tag(PageDesc.mappingGetAcquire(phys, pfn)) != PageFlags.PAGE_MAPPING_ANON) {
        rmapWalk.walk(pfn, alone, 0); // of a file, or merged: it has its own way to its VMAs
        return alone.takeReferenced() > 0;
      }
      AnonVma anonVma = anonVmas.getMapped(pfn);
      if (anonVma == null) {
        return false;
      }
      try {
        rmapWalk.walk(pfn, alone, 0);
      } finally {
        anonVmas.put(anonVma);
      }
      return alone.takeReferenced() > 0;
    } finally {
      PageLock.unlock(phys, pfn);
    }
  }

  private boolean takeReferencedFlag(long pfn) {
    return (PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_REFERENCED) & PageFlags.PG_REFERENCED)
        != 0;
  }
}
