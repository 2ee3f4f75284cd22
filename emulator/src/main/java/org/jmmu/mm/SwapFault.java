package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.Cpu;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Accesses to pages that were swapped out.
 *
 * @kernel mm/memory.c:do_swap_page
 */
final class SwapFault {
  private static final int SWAP_CACHE_AND_CALLER = 2;

  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final SwapCache swapCache;
  private final SwapIn swapIn;
  private final SharedSwap sharedSwap;
  private final WpFault wpFault;

  SwapFault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      PageRmap pageRmap,
      SwapCache swapCache,
      SwapIn swapIn,
      SharedSwap sharedSwap,
      WpFault wpFault) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.swapCache = swapCache;
    this.swapIn = swapIn;
    this.sharedSwap = sharedSwap;
    this.wpFault = wpFault;
  }

  /** {@code pteVal}: what the fault found, a swap entry. */
  int doSwapPage(@Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, int flags) {
    long entry = SwapPte.toEntry(pteVal);
    long pfn = swapIn.read(entry);
    if (pfn == SwapIn.GONE) {
      return 0; // so is the page-table entry, or it is another one by now
    }
    if (pfn == SwapIn.NO_MEMORY || pfn == SwapIn.IO_ERROR) {
      boolean still = Mem.longGetAcquire(pteAddr) == pteVal;
      return !still ? 0 : pfn == SwapIn.NO_MEMORY ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
    }
    PausePoint.reach("doSwapPage.found");
    PageLock.lock(phys, pfn);
    long mapped = 0;
    boolean copies = false;
    if (swapCache.holds(entry, pfn)) {
      PausePoint.reach("doSwapPage.locked");
      copies = sharedSwap.mightNeedToCopy(vma, vaddr, pfn);
      long copy = copies ? sharedSwap.copyOf(pfn) : pfn;
      if (copy == Buddy.NO_FRAME) {
        unlockPut(pfn);
        return VM_FAULT_OOM;
      }
      tables.lock(pteAddr);
      if (Mem.longGetOpaque(pteAddr) == pteVal) {
        mapped =
            copies
                ? mapCopy(vma, vaddr, pteAddr, pteVal, copy, flags)
                : mapLocked(vma, vaddr, pteAddr, pteVal, pfn, flags);
      }
      tables.unlock(pteAddr);
      if (copies && mapped == 0) {
        frames.put(copy);
      }
    }
    PageLock.unlock(phys, pfn);
    if (mapped == 0 || copies) {
      frames.put(pfn); // and with it the page, if this was the last entry
    }
    if (mapped == 0) {
      return 0;
    }
    // One that a userfaultfd is to be told of is mapped now, and the access faults again.
    return (flags & FAULT_FLAG_WRITE) != 0 && !Pte.isWrite(mapped) && !Pte.isUffdWp(mapped)
        ? wpFault.doWpPage(cpu, vma, vaddr, pteAddr, mapped, flags)
        : 0;
  }

  /**
   * Maps the page in place of its entry, with the caller's reference, which is the mapping's from
   * here on. Page and ptl are locked.
   *
   * @return the new entry
   */
  private long mapLocked(Vma vma, long vaddr, long pteAddr, long pteVal, long pfn, int flags) {
    boolean write = (flags & FAULT_FLAG_WRITE) != 0;
    long vmFlags = vma.vmFlagsGetOpaque();
    boolean exclusive = SwapPte.isExclusive(pteVal);
    swapCache.freeEntry(SwapPte.toEntry(pteVal));
    freeSwapIfUseless(pfn, vmFlags, write);
    // No other reference, the page locked, and no longer in the swap cache: nobody else can get
    // one, but of merged pages, which new processes may find.
    exclusive |= PageDesc.refcountGetAcquire(phys, pfn) == 1;
    exclusive &= !pageRmap.isKsm(pfn);
    long mapped = Pte.mkYoung(Pte.of(pfn, Pte.prot(vmFlags)));
    if (SwapPte.isUffdWp(pteVal)) {
      mapped = Pte.mkUffdWp(mapped);
    } else if (exclusive && (vmFlags & VM_WRITE) != 0) {
      mapped = Pte.mkWrite(write ? Pte.mkDirty(mapped) : mapped);
    }
    pageRmap.addSwappedIn(pfn, vma, anonVmaOf(vma), vaddr, exclusive);
    // Release: a CPU that walks to the page sees its content.
    Mem.longSetRelease(pteAddr, mapped);
    return mapped;
  }

  /**
   * Gives the slot up if it is wanted, or if the page is about to differ from it.
   *
   * @kernel mm/memory.c:should_try_to_free_swap
   */
  private void freeSwapIfUseless(long pfn, long vmFlags, boolean write) {
    if ((vmFlags & VM_LOCKED) != 0
        || (write && PageDesc.refcountGetAcquire(phys, pfn) == SWAP_CACHE_AND_CALLER)) {
      boolean _ = swapCache.freeSwap(pfn);
    } else {
      swapCache.freeSwapIfFull(pfn);
    }
  }

  /** Maps the copy of a page in place of its entry; the ptl is held. @return the new entry */
  private long mapCopy(Vma vma, long vaddr, long pteAddr, long pteVal, long copy, int flags) {
    boolean write = (flags & FAULT_FLAG_WRITE) != 0;
    long vmFlags = vma.vmFlagsGetOpaque();
    long mapped = Pte.mkDirty(Pte.mkYoung(Pte.of(copy, Pte.prot(vmFlags)))); // the slot is not its
    if (SwapPte.isUffdWp(pteVal)) {
      mapped = Pte.mkUffdWp(mapped);
    } else if (write && (vmFlags & VM_WRITE) != 0) {
      mapped = Pte.mkWrite(mapped);
    }
    setCopy(vma, vaddr, pteAddr, pteVal, copy, mapped);
    return mapped;
  }

  private void setCopy(Vma vma, long vaddr, long pteAddr, long pteVal, long copy, long mapped) {
    pageRmap.addNewAnon(copy, vma, anonVmaOf(vma), vaddr);
    PageDesc.flagsGetAndOr(phys, copy, PageFlags.PG_DIRTY | PageFlags.PG_UPTODATE);
    // Release: a CPU that walks to the page sees its content.
    Mem.longSetRelease(pteAddr, mapped);
    swapCache.freeEntry(SwapPte.toEntry(pteVal));
  }

  private void unlockPut(long pfn) {
    PageLock.unlock(phys, pfn);
    frames.put(pfn);
  }

  private static AnonVma anonVmaOf(Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma == null) {
      throw new KernelBug("a swap entry in " + vma + ", which never had a page");
    }
    return anonVma;
  }

  /**
   * Maps a page for swapoff, old, in place of its entry. The caller has the page locked, and in the
   * swap cache; the mapping takes a reference of its own.
   *
   * @return false if there is no frame for a page of its own, where it needs one
   * @kernel mm/swapfile.c:unuse_pte
   */
  boolean unusePte(Vma vma, long vaddr, long pteAddr, long pteVal, long pfn) {
    boolean copies = sharedSwap.mightNeedToCopy(vma, vaddr, pfn);
    long copy = copies ? sharedSwap.copyOf(pfn) : pfn;
    if (copy == Buddy.NO_FRAME) {
      return false;
    }
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == pteVal;
    if (still && copies) {
      long mapped = Pte.mkDirty(Pte.of(copy, Pte.prot(vma.vmFlagsGetOpaque())));
      mapped = SwapPte.isUffdWp(pteVal) ? Pte.mkUffdWp(mapped) : mapped;
      setCopy(vma, vaddr, pteAddr, pteVal, copy, mapped);
    } else if (still) {
      frames.get(pfn);
      swapCache.freeEntry(SwapPte.toEntry(pteVal));
      boolean exclusive = SwapPte.isExclusive(pteVal) && !pageRmap.isKsm(pfn);
      pageRmap.addSwappedIn(pfn, vma, anonVmaOf(vma), vaddr, exclusive);
      long mapped = Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque()));
      Mem.longSetRelease(pteAddr, SwapPte.isUffdWp(pteVal) ? Pte.mkUffdWp(mapped) : mapped);
    }
    tables.unlock(pteAddr);
    if (copies && !still) {
      frames.put(copy);
    }
    return true;
  }
}
