package org.jmmu.rmap;

import static org.jmmu.types.VmFlags.VM_LOCKED;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.EntryEncoding;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Vma;

/**
 * Turns every entry that maps a page of the swap cache into a swap entry, and clears those that map
 * a page of a file, unless a VMA has it locked in memory. Any other page is one that may be
 * dropped: its entries go if it is clean, and if not, it becomes a page like others.
 *
 * @kernel mm/rmap.c:try_to_unmap_one
 */
public final class TryToUnmap implements RmapOne {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageVmaMappedWalk mapped;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final Swapfile swapfile;
  private final SwapCache swapCache;
  private final EntryEncoding encoding;

  public TryToUnmap(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      Swapfile swapfile,
      SwapCache swapCache,
      EntryEncoding encoding) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.mapped = new PageVmaMappedWalk(tables);
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.swapfile = swapfile;
    this.swapCache = swapCache;
    this.encoding = encoding;
  }

  @Override
  public boolean rmapOne(long pfn, Vma vma, long vaddr, long arg) {
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    boolean more = (vma.vmFlagsGetOpaque() & VM_LOCKED) == 0 && unmap(pfn, vma, vaddr, pteAddr);
    tables.unlock(pteAddr);
    return more;
  }

  /** The caller holds the ptl. @return whether the page is unmapped */
  private boolean unmap(long pfn, Vma vma, long vaddr, long pteAddr) {
    // Clear, flush, then look at D: a CPU could write through its TLB, and set D, up to the flush.
    long pteVal = Mem.longXchg(pteAddr, 0);
    PausePoint.reach("tryToUnmap.cleared");
    tlbFlush.page(vma.mm, vaddr, null);
    if (Pte.isDirty(pteVal)) {
      PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
    }
    boolean unmapped = // with a swap entry, or the entry clear
        swapCache.has(pfn)
            ? setSwapEntry(pfn, pteAddr, pteVal)
            : !pageRmap.isAnon(pfn) || !isRedirtied(pfn);
    if (unmapped) {
      pageRmap.remove(pfn);
      frames.put(pfn);
    } else {
      Mem.longSetRelease(pteAddr, pteVal);
    }
    return unmapped;
  }

  private boolean setSwapEntry(long pfn, long pteAddr, long pteVal) {
    long entry = swapCache.entry(pfn);
    if (!swapfile.duplicate(entry)) {
      return false;
    }
    boolean exclusive = pageRmap.isAnonExclusive(pfn);
    if (exclusive) {
      pageRmap.clearAnonExclusive(pfn); // from here on the entry says so
    }
    long swapPte = encoding.swapPte(entry, exclusive);
    Mem.longSetRelease(pteAddr, Pte.isUffdWp(pteVal) ? SwapPte.mkUffdWp(swapPte) : swapPte);
    return true;
  }

  /** Whether a page that might have been dropped was written to; then it is dropped no more. */
  private boolean isRedirtied(long pfn) {
    boolean dirty = (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_DIRTY) != 0;
    if (dirty) {
      PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_SWAPBACKED);
    }
    return dirty;
  }
}
