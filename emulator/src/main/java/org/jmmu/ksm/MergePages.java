package org.jmmu.ksm;

import static org.jmmu.types.VmFlags.VM_MERGEABLE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.FolioWalk;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.PageVmaMappedWalk;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KsmRmapItem;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Replaces a page by a merged one, or makes it one.
 *
 * @kernel mm/ksm.c:try_to_merge_one_page, write_protect_page, replace_page
 */
final class MergePages {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final FolioWalk folioWalk;
  private final PageVmaMappedWalk mapped;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final AnonVmas anonVmas;

  MergePages(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      AnonVmas anonVmas) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.folioWalk = new FolioWalk(tables);
    this.mapped = new PageVmaMappedWalk(tables);
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.anonVmas = anonVmas;
  }

  /** The VMA at an address, if its pages may be merged. The caller holds mmap_lock. */
  static @Nullable Vma findMergeableVma(KsmRmapItem item) {
    Vma vma = item.mm.vmas.find(item.address);
    return vma != null && vma.vmStartGetOpaque() <= item.address && isMergeable(vma) ? vma : null;
  }

  static boolean isMergeable(Vma vma) {
    return (vma.vmFlagsGetOpaque() & VM_MERGEABLE) != 0 && vma.anonVmaGetAcquire() != null;
  }

  /**
   * The anonymous page at an address, with a reference; {@link Buddy#NO_FRAME} if there is none.
   * The caller holds mmap_lock.
   *
   * @kernel mm/ksm.c:get_mergeable_page
   */
  long getAnonPage(Vma vma, long vaddr) {
    long pfn = folioWalk.start(vma.mm, vaddr);
    boolean anon = pfn > 0 && pageRmap.isAnon(pfn);
    if (anon) {
      frames.get(pfn);
    }
    folioWalk.end();
    return anon ? pfn : Buddy.NO_FRAME;
  }

  /**
   * Makes the page at an item's address a merged page, of a new node.
   *
   * @param pfn the page; the caller has a reference
   * @return whether that is done; then the item has its anon_vma
   */
  boolean makeMerged(KsmRmapItem item, long pfn, KsmStableNode node) {
    item.mm.mmapLock.readLock();
    try {
      Vma vma = findMergeableVma(item);
      if (vma == null || !PageLock.tryLock(phys, pfn)) {
        return false;
      }
      boolean done = writeProtect(vma, item.address, pfn) != 0;
      if (done) {
        // From here on reverse-map walks go by the node; the page lock keeps them out until now.
        PageDesc.mappingSetRelease(phys, pfn, node.mapping());
        pinAnonVma(item, vma);
      }
      PageLock.unlock(phys, pfn);
      return done;
    } finally {
      item.mm.mmapLock.readUnlock();
    }
  }

  /**
   * Lets the entry at an item's address map the merged page {@code kpfn} instead of {@code pfn}, if
   * both hold the same. The caller has references to both.
   *
   * @return whether it does now; then the item has its anon_vma
   * @kernel mm/ksm.c:try_to_merge_with_ksm_page
   */
  boolean mergeWith(KsmRmapItem item, long pfn, long kpfn) {
    item.mm.mmapLock.readLock();
    try {
      Vma vma = findMergeableVma(item);
      if (vma == null) {
        return false;
      }
      if (pfn != kpfn && !replace(vma, item.address, pfn, kpfn)) {
        return false; // the two are one already if the process was forked from one that has it
      }
      pinAnonVma(item, vma);
      return true;
    } finally {
      item.mm.mmapLock.readUnlock();
    }
  }

  /** Forgets where an item's page may be mapped. */
  void unpinAnonVma(KsmRmapItem item) {
    AnonVma anonVma = item.anonVma;
    if (anonVma != null) {
      item.anonVma = null;
      anonVmas.put(anonVma);
    }
  }

  private void pinAnonVma(KsmRmapItem item, Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null && item.anonVma != anonVma) {
      anonVmas.get(anonVma);
      unpinAnonVma(item);
      item.anonVma = anonVma;
    }
  }

  private boolean replace(Vma vma, long vaddr, long pfn, long kpfn) {
    PausePoint.reach("ksm.replace");
    if (!PageLock.tryLock(phys, pfn)) {
      return false;
    }
    boolean replaced = false;
    long pteVal = pageRmap.isKsm(pfn) ? 0 : writeProtect(vma, vaddr, pfn);
    PausePoint.reach("ksm.writeProtected");
    // Only now nobody can change the page any more without a fault that changes the entry.
    if (pteVal != 0 && phys.haveSameContent(pfn, kpfn)) {
      replaced = replaceEntry(vma, vaddr, pteVal, kpfn);
    }
    PageLock.unlock(phys, pfn);
    return replaced;
  }

  /**
   * The caller holds the page lock and has a reference.
   *
   * @return the entry that maps the page, read-only and clean by now; 0 if it does not map the page
   *     or somebody else uses the page who could write to it
   */
  private long writeProtect(Vma vma, long vaddr, long pfn) {
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr == PageTables.NONE) {
      return 0;
    }
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (Pte.isWrite(pteVal) || Pte.isDirty(pteVal) || pageRmap.isAnonExclusive(pfn)) {
      pteVal = Mem.longXchg(pteAddr, 0);
      tlbFlush.page(vma.mm, vaddr, null);
      if (hasOtherUsers(pfn)) {
        Mem.longSetRelease(pteAddr, pteVal);
        tables.unlock(pteAddr);
        return 0;
      }
      pageRmap.clearAnonExclusive(pfn);
      if (Pte.isDirty(pteVal)) {
        PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
      }
      pteVal = Pte.mkClean(Pte.wrProtect(pteVal));
      Mem.longSetRelease(pteAddr, pteVal);
    }
    tables.unlock(pteAddr);
    return pteVal;
  }

  /** Whether there are references besides those of the entries and the caller's. */
  private boolean hasOtherUsers(long pfn) {
    return PageDesc.refcountGetAcquire(phys, pfn) != PageDesc.mapcountGetAcquire(phys, pfn) + 1;
  }

  private boolean replaceEntry(Vma vma, long vaddr, long pteVal, long kpfn) {
    long pfn = Pte.pfn(pteVal);
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr == PageTables.NONE) {
      return false;
    }
    boolean still = Pte.mkOld(Mem.longGetOpaque(pteAddr)) == Pte.mkOld(pteVal);
    if (still) {
      frames.get(kpfn);
      pageRmap.add(kpfn);
      Mem.longSetRelease(pteAddr, 0);
      tlbFlush.page(vma.mm, vaddr, null);
      Mem.longSetRelease(pteAddr, Pte.of(kpfn, Pte.prot(vma.vmFlagsGetOpaque())));
      pageRmap.remove(pfn);
    }
    tables.unlock(pteAddr);
    if (still) {
      frames.put(pfn);
    }
    return still;
  }
}
