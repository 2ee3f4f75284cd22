package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Mm;

/**
 * Takes pages out of a range of page-table entries.
 *
 * @kernel mm/memory.c:zap_pte_range
 */
final class Zap {
  /** Whether pages of a file's VMAs go that are private copies of the file's. */
  enum EvenCows {
    YES,
    NO
  }

  private final PhysMemory phys;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final SwapCache swapCache;

  Zap(PhysMemory phys, PageTables tables, PageRmap pageRmap, SwapCache swapCache) {
    this.phys = phys;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.swapCache = swapCache;
  }

  /** Takes out all pages; they are freed when {@code gather} is finished. */
  void range(MmuGather gather, Mm mm, long start, long end) {
    range(gather, mm, start, end, EvenCows.YES);
  }

  /** As {@link #range(MmuGather, Mm, long, long)}, perhaps sparing private copies. */
  void range(MmuGather gather, Mm mm, long start, long end, EvenCows evenCows) {
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pteAddr = tables.pteOffset(mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        zapEntries(gather, pteAddr, at, next, evenCows);
        tables.unlock(pteAddr);
        if (gather.isFull()) {
          gather.finish();
        }
      }
      at = next;
    }
  }

  private void zapEntries(
      MmuGather gather, long firstPteAddr, long start, long end, EvenCows evenCows) {
    long pteAddr = firstPteAddr;
    for (long at = start; at < end; at += PAGE_SIZE, pteAddr += Long.BYTES) {
      long found = Mem.longGetOpaque(pteAddr);
      if (found == 0 || (evenCows == EvenCows.NO && isPrivate(found))) {
        continue;
      }
      long pteVal = Mem.longXchg(pteAddr, 0);
      if (!Pte.isPresent(pteVal)) {
        zapNonPresent(pteVal);
        continue;
      }
      gather.addRange(at);
      if (!Pte.isSpecial(pteVal)) {
        long pfn = Pte.pfn(pteVal);
        if (Pte.isDirty(pteVal) && !pageRmap.isAnon(pfn)) {
          PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
        }
        pageRmap.remove(pfn);
        gather.addPage(pfn);
      }
    }
  }

  /**
   * @kernel mm/memory.c:zap_nonpresent_ptes
   */
  private void zapNonPresent(long pteVal) {
    if (SwapPte.isSwapEntry(pteVal)) {
      swapCache.freeSwapAndCache(SwapPte.toEntry(pteVal));
    } // else: a migration entry holds neither a reference nor a mapcount
  }

  /** A page that this process has for itself, or an entry on behalf of one. */
  private boolean isPrivate(long pteVal) {
    if (MigrationEntry.isMigrationEntry(pteVal)) {
      return pageRmap.isAnon(MigrationEntry.pfn(pteVal));
    }
    return !Pte.isPresent(pteVal) || Pte.isSpecial(pteVal) || pageRmap.isAnon(Pte.pfn(pteVal));
  }
}
