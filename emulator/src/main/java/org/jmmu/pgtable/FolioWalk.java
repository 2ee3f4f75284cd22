package org.jmmu.pgtable;

import org.jmmu.alloc.Buddy;
import org.jmmu.phys.Mem;
import org.jmmu.types.Mm;

/**
 * The page that is mapped at an address, held in place by its page-table lock. The caller holds
 * mmap_lock. For one thread at a time.
 *
 * @kernel mm/pagewalk.c:folio_walk_start
 */
public final class FolioWalk {
  /** Instead of a frame: the zero page is mapped. */
  public static final long ZERO_PAGE = -1;

  private final PageTables tables;
  private long pteAddr = PageTables.NONE; // its ptl is held unless NONE

  public FolioWalk(PageTables tables) {
    this.tables = tables;
  }

  /**
   * @return the frame, {@link #ZERO_PAGE}, or {@link Buddy#NO_FRAME}; {@link #end} is to follow
   */
  public long start(Mm mm, long vaddr) {
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

  public void end() {
    if (pteAddr != PageTables.NONE) {
      tables.unlock(pteAddr);
    }
  }
}
