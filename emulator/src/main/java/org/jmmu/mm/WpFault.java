package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_UNSHARE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFlags.VM_SHARED;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.Cpu;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Writes to pages that are mapped read-only.
 *
 * <p>A page that is known to be this process's alone is made writable; so is one that can be proven
 * to be so now. Every other private page is copied. Pages of shared mappings are made writable once
 * they are marked dirty.
 *
 * @kernel mm/memory.c:do_wp_page
 */
final class WpFault {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final AnonPages anonPages;
  private final SwapCache swapCache;

  WpFault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      AnonPages anonPages,
      SwapCache swapCache) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.anonPages = anonPages;
    this.swapCache = swapCache;
  }

  /** {@code pteVal}: what the fault found, present and read-only. */
  int doWpPage(@Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, int flags) {
    long pfn = Pte.pfn(pteVal);
    if (Pte.isSpecial(pteVal)) {
      return copyPage(cpu, vma, vaddr, pteAddr, pteVal, flags);
    }
    boolean shared = (vma.vmFlagsGetOpaque() & VM_SHARED) != 0;
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == pteVal;
    boolean reuse = still && !shared && isReusable(vma, pfn);
    if (reuse && (flags & FAULT_FLAG_UNSHARE) == 0) {
      Pte.setWriteDirty(pteAddr, pteVal);
    } else if (still && !reuse) {
      frames.get(pfn); // what follows needs the page without the ptl
    }
    tables.unlock(pteAddr);
    if (!still || reuse) {
      return 0;
    }
    try {
      return shared
          ? writeShared(pteAddr, pteVal, pfn)
          : copyPage(cpu, vma, vaddr, pteAddr, pteVal, flags);
    } finally {
      frames.put(pfn);
    }
  }

  private boolean isReusable(Vma vma, long pfn) {
    if (pageRmap.isAnonExclusive(pfn)) {
      return true;
    }
    return pageRmap.isAnon(pfn) && !pageRmap.isKsm(pfn) && canReuseAnon(vma, pfn);
  }

  /**
   * One mapping and one reference, while the page lock keeps others from adding one by way of the
   * reverse map: nobody else sees the page, now or through a pin. The swap cache's reference does
   * not count if no swap entry needs it.
   *
   * @kernel mm/memory.c:wp_can_reuse_anon_folio
   */
  private boolean canReuseAnon(Vma vma, long pfn) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma == null
        || PageDesc.refcountGetAcquire(phys, pfn) > (swapCache.has(pfn) ? 2 : 1)
        || !PageLock.tryLock(phys, pfn)) {
      return false;
    }
    if (swapCache.has(pfn)) {
      boolean _ = swapCache.freeSwap(pfn);
    }
    boolean alone =
        PageDesc.mapcountGetAcquire(phys, pfn) == 1 && PageDesc.refcountGetAcquire(phys, pfn) == 1;
    if (alone) {
      pageRmap.moveAnonRmap(pfn, anonVma);
      pageRmap.setAnonExclusive(pfn);
    }
    PageLock.unlock(phys, pfn);
    return alone;
  }

  /**
   * The caller has a reference to the page.
   *
   * @kernel mm/memory.c:wp_page_shared
   */
  private int writeShared(long pteAddr, long pteVal, long pfn) {
    PausePoint.reach("wpPageShared.begin");
    PageLock.lock(phys, pfn); // write-back and truncation have it locked, too
    PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
    tables.lock(pteAddr);
    // Gone from the file means gone from the page tables: then the access faults again.
    if (Mem.longGetOpaque(pteAddr) == pteVal) {
      Pte.setWriteDirty(pteAddr, pteVal);
    }
    tables.unlock(pteAddr);
    PageLock.unlock(phys, pfn);
    return 0;
  }

  /**
   * The caller has a reference to the old page, unless it is the zero page.
   *
   * @kernel mm/memory.c:wp_page_copy
   */
  private int copyPage(
      @Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, int flags) {
    AnonVma anonVma = anonPages.prepare(vma, flags);
    if (anonVma == null) {
      return VM_FAULT_RETRY;
    }
    long pfn = frames.alloc(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      return VM_FAULT_OOM;
    }
    long oldPfn = Pte.pfn(pteVal);
    phys.copyPage(oldPfn, pfn);
    PausePoint.reach("wpPageCopy.copied");
    boolean special = Pte.isSpecial(pteVal);
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == pteVal;
    if (still) {
      // No CPU may go on reading the old page once one of them writes to the new one.
      Mem.longSetRelease(pteAddr, 0);
      tlbFlush.page(vma.mm, vaddr, cpu);
      anonPages.map(vma, vaddr, pteAddr, pfn, anonVma);
      if (!special) {
        pageRmap.remove(oldPfn);
      }
    }
    tables.unlock(pteAddr);
    if (!still) {
      frames.put(pfn);
    } else if (!special) {
      frames.put(oldPfn);
    }
    return 0;
  }
}
