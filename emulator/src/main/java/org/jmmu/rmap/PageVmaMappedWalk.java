package org.jmmu.rmap;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Mm;

/**
 * Finds the entry that maps a page at an address, if there is one.
 *
 * @kernel mm/page_vma_mapped.c:page_vma_mapped_walk
 */
public final class PageVmaMappedWalk {
  private final PageTables tables;

  public PageVmaMappedWalk(PageTables tables) {
    this.tables = tables;
  }

  /** Address of the entry with its ptl held; {@link PageTables#NONE}, nothing held, otherwise. */
  public long lockMapping(Mm mm, long vaddr, long pfn) {
    long pteAddr = tables.pteOffset(mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return PageTables.NONE;
    }
    tables.lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (Pte.isPresent(pteVal) && Pte.pfn(pteVal) == pfn) {
      return pteAddr;
    }
    tables.unlock(pteAddr);
    return PageTables.NONE;
  }
}
