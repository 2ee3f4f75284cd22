package org.jmmu.reclaim;

import org.jmmu.pgtable.PageTables;
import org.jmmu.rmap.FolioReferenced;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.RmapWalkControl;

/**
 * Asks whether a page was accessed without locking it: as reclaim does for the pages of its active
 * list, which rather gives up than wait, and as page_idle does, which waits.
 *
 * @kernel mm/rmap.c:folio_referenced, mm/page_idle.c:page_idle_clear_pte_refs
 */
public final class PageReferenced {
  /** The page is not mapped, or a lock was not to be waited for. */
  public static final int NO_WALK = -1;

  private final PageTables tables;
  private final RmapWalk rmapWalk;

  public PageReferenced(PageTables tables, RmapWalk rmapWalk) {
    this.tables = tables;
    this.rmapWalk = rmapWalk;
  }

  /**
   * Entries through which the page was accessed since the last time, or {@link #NO_WALK}. The
   * caller has a reference to the page.
   */
  public int count(long pfn, RmapWalkControl rwc) {
    FolioReferenced one = new FolioReferenced(tables);
    return rmapWalk.walkUnlocked(pfn, one, 0, rwc) ? one.takeReferenced() : NO_WALK;
  }
}
