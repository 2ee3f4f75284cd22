package org.jmmu.mm;

/** What system calls ask of page reclaim, which is built on top of them. */
public interface ReclaimPages {
  /**
   * Reclaims pages whether they were accessed or not. The caller holds no page-table lock.
   *
   * @param pfns frames, with a reference each that passes to this method
   * @param nr how many of them
   * @return pages freed
   * @kernel mm/vmscan.c:reclaim_pages
   */
  int reclaimPages(long[] pfns, int nr);
}
