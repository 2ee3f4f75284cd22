package org.jmmu.rmap;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Vma;

/**
 * {@link FolioReferenced} for the pages of a window: one descent and one hold of the ptl for all
 * entries that stand in one table. For one thread.
 *
 * @kernel mm/rmap.c:folio_referenced_one; include/linux/rmap.h:page_vma_mapped_walk over nr_pages
 */
public final class WindowReferenced implements RmapWindow.One {
  private final PageTables tables;
  private long young; // bit n: an entry for the page of slot n was
  private int referenced;

  public WindowReferenced(PageTables tables) {
    this.tables = tables;
  }

  @Override
  public void rmapOne(RmapWindow window, Vma vma, long vaddr, int firstSlot, int nr) {
    long end = vaddr + nr * PhysMemory.PAGE_SIZE;
    int slot = firstSlot;
    for (long at = vaddr; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      int entries = (int) ((next - at) / PhysMemory.PAGE_SIZE);
      long pteAddr = tables.pteOffset(vma.mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        testAndClear(window, pteAddr, slot, entries);
        tables.unlock(pteAddr);
      }
      slot += entries;
      at = next;
    }
  }

  private void testAndClear(RmapWindow window, long firstPteAddr, int firstSlot, int entries) {
    long found = 0;
    long pteAddr = firstPteAddr;
    for (int slot = firstSlot; slot < firstSlot + entries; slot++, pteAddr += Long.BYTES) {
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (Pte.isYoung(pteVal)
          && window.holds(slot, Pte.pfn(pteVal))
          && Pte.isPresent(pteVal)
          && Pte.testAndClearYoung(pteAddr, pteVal)) {
        found |= 1L << slot;
      }
    }
    young |= found;
    referenced += Long.bitCount(found);
  }

  /** Slots of which an entry was young since the last call. */
  public long takeYoung() {
    long slots = young;
    young = 0;
    referenced = 0;
    return slots;
  }

  /** Entries found young since the last call of either. */
  public int takeReferenced() {
    int count = referenced;
    young = 0;
    referenced = 0;
    return count;
  }
}
