package org.jmmu.migrate;

import org.jmmu.alloc.Buddy;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Mm;

/**
 * The page that is mapped at an address, held in place by its page-table lock. The caller holds
 * mmap_lock.
 *
 * @kernel mm/pagewalk.c:folio_walk_start
 */
final class FolioWalk {
  /** Instead of a frame: the zero page is mapped. */
  static final long ZERO_PAGE = -1;

  private final PageTables tables;
  private long pteAddr = PageTables.NONE; // its ptl is held unless NONE

  FolioWalk(PageTables tables) {
    this.tables = tables;
  }

  /**
   * @return the frame, {@link #ZERO_PAGE}, or {@link Buddy#NO_FRAME}; {@link #end} is to follow
   */
  long start(Mm mm, long vaddr) {
    pteAddr = tables.pteOffset(mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return Buddy.NO_FRAME;
    }
    tables.lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (!Pte.isPresent(pteVal)) {
      return Buddy.NO_FRAME;
    }
    return Pte.isSpecial(pteVal) ? ZERO_PAGE : Pte.pfn(pteVal);
  }

  void end() {
    if (pteAddr != PageTables.NONE) {
      tables.unlock(pteAddr);
    }
  }
}
