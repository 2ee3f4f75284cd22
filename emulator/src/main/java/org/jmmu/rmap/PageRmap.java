package org.jmmu.rmap;

import static org.jmmu.phys.PageFlags.PAGE_MAPPING_ANON;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;

/**
 * Keeps a page's mapcount, and its mapping and index when it is first mapped. Each call goes with
 * one page-table entry, under that entry's ptl.
 *
 * @kernel mm/rmap.c:page_add_new_anon_rmap, page_dup_rmap, page_remove_rmap
 */
public final class PageRmap {
  private final PhysMemory phys;

  public PageRmap(PhysMemory phys) {
    this.phys = phys;
  }

  /** The page is new and becomes visible with the entry that the caller is about to set. */
  public void addNewAnon(long pfn, Vma vma, AnonVma anonVma, long vaddr) {
    PageDesc.indexSetOpaque(phys, pfn, vma.linearPageIndex(vaddr));
    PageDesc.mappingSetRelease(phys, pfn, anonVma.handle() | PAGE_MAPPING_ANON);
    PageDesc.mapcountGetAndAdd(phys, pfn, 1);
  }

  /** One more entry maps a page that has its mapping already: fork, end of a migration. */
  public void add(long pfn) {
    PageDesc.mapcountGetAndAdd(phys, pfn, 1);
  }

  public void remove(long pfn) {
    if (PageDesc.mapcountGetAndAdd(phys, pfn, -1) <= 0) {
      throw new KernelBug("mapcount of frame " + pfn + " drops below zero");
    }
  }
}
