package org.jmmu.rmap;

import static org.jmmu.phys.PageFlags.PAGE_MAPPING_ANON;
import static org.jmmu.phys.PageFlags.PAGE_MAPPING_KSM;
import static org.jmmu.phys.PageFlags.PG_ANON_EXCLUSIVE;
import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
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
  private static final int GUP_PIN_COUNTING_BIAS = 1024;

  private final PhysMemory phys;

  public PageRmap(PhysMemory phys) {
    this.phys = phys;
  }

  /** The page is new and becomes visible with the entry that the caller is about to set. */
  public void addNewAnon(long pfn, Vma vma, AnonVma anonVma, long vaddr) {
    PageDesc.indexSetOpaque(phys, pfn, vma.linearPageIndex(vaddr));
    // Plain: nobody else has seen the page yet.
    PageDesc.flagsSetPlain(phys, pfn, PG_ANON_EXCLUSIVE | PG_SWAPBACKED);
    PageDesc.mapcountSetPlain(phys, pfn, 1);
    // Last: from here on, compaction may find the page, lock it and set other flags.
    PageDesc.mappingSetRelease(phys, pfn, anonVma.handle() | PAGE_MAPPING_ANON);
  }

  /**
   * A page of the swap cache, which the caller has locked, is about to be mapped in place of a swap
   * entry. One that was read anew has no mapping yet. If other processes may have entries of it,
   * that has to be the oldest anon_vma: walks find all of them from there.
   *
   * @kernel mm/rmap.c:folio_add_new_anon_rmap, folio_add_anon_rmap_ptes
   */
  public void addSwappedIn(long pfn, Vma vma, AnonVma anonVma, long vaddr, boolean exclusive) {
    if (!isAnon(pfn)) {
      AnonVma owner = exclusive ? anonVma : anonVma.root();
      PageDesc.indexSetOpaque(phys, pfn, vma.linearPageIndex(vaddr));
      PageDesc.mappingSetRelease(phys, pfn, owner.handle() | PAGE_MAPPING_ANON);
    }
    if (exclusive) {
      setAnonExclusive(pfn);
    }
    add(pfn);
  }

  /** Merged pages included. @kernel include/linux/page-flags.h:folio_test_anon */
  public boolean isAnon(long pfn) {
    return (PageDesc.mappingGetAcquire(phys, pfn) & PAGE_MAPPING_ANON) != 0;
  }

  /** Whether the page is a merged one. @kernel include/linux/page-flags.h:folio_test_ksm */
  public boolean isKsm(long pfn) {
    return Slot.tag(PageDesc.mappingGetAcquire(phys, pfn)) == PAGE_MAPPING_KSM;
  }

  /** Whether only one process has the page, so that it may write to it; under the ptl. */
  public boolean isAnonExclusive(long pfn) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PG_ANON_EXCLUSIVE) != 0;
  }

  public void setAnonExclusive(long pfn) {
    PageDesc.flagsGetAndOr(phys, pfn, PG_ANON_EXCLUSIVE);
  }

  /**
   * Whether somebody may be reading or writing the page without an entry: then it counts that many
   * references at once. One with as many users looks the same.
   *
   * @kernel include/linux/mm.h:folio_maybe_dma_pinned
   */
  public boolean maybeDmaPinned(long pfn) {
    return PageDesc.refcountGetAcquire(phys, pfn) >= GUP_PIN_COUNTING_BIAS;
  }

  /** A second process is about to map the page, or an entry stops saying what it is. */
  public void clearAnonExclusive(long pfn) {
    if (isAnonExclusive(pfn)) {
      PageDesc.flagsGetAndClear(phys, pfn, PG_ANON_EXCLUSIVE);
    }
  }

  /**
   * The page is the process's alone by now: reverse-map walks need not visit its relatives any
   * more. The caller holds the page lock.
   *
   * @kernel mm/rmap.c:folio_move_anon_rmap
   */
  public void moveAnonRmap(long pfn, AnonVma anonVma) {
    PageDesc.mappingSetRelease(phys, pfn, anonVma.handle() | PAGE_MAPPING_ANON);
  }

  /**
   * One more entry maps a page that has its mapping already: fork, end of a migration, a page of a
   * file.
   */
  public void add(long pfn) {
    PageDesc.mapcountGetAndAdd(phys, pfn, 1);
  }

  public void remove(long pfn) {
    if (PageDesc.mapcountGetAndAdd(phys, pfn, -1) <= 0) {
      throw new KernelBug("mapcount of frame " + pfn + " drops below zero");
    }
  }
}
