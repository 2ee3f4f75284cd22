package org.jmmu.filemap;

import org.jmmu.types.AddressSpace;

/** What a page cache asks of those who map its pages. The page is locked. */
public interface FolioMappers {
  /** Takes the page out of every page table. @kernel mm/memory.c:unmap_mapping_folio */
  void unmapFolio(AddressSpace mapping, long index, long pfn);

  /**
   * Makes every entry that maps the page clean and write-protected, so that the next write faults
   * and is noticed.
   *
   * @return whether one was dirty
   * @kernel mm/rmap.c:folio_mkclean
   */
  boolean mkclean(AddressSpace mapping, long index, long pfn);
}
