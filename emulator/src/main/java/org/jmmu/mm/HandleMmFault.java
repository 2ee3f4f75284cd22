package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_UNSHARE;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;

import org.jmmu.alloc.Frames;
import org.jmmu.filemap.GetFolio;
import org.jmmu.filemap.PageCache;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.hw.Cpu;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;
import org.jmmu.uffd.HandleUserfault;
import org.jspecify.annotations.Nullable;

/**
 * Brings the page at an address in, for an access that the VMA allows.
 *
 * <p>Every path looks at the entry once, works without the ptl, and takes effect only if the entry
 * is still the same once the ptl is held; otherwise the access simply faults again.
 *
 * @kernel mm/memory.c:handle_mm_fault, handle_pte_fault
 */
public final class HandleMmFault {
  private final PageTables tables;
  private final AnonFault anonFault;
  private final FileFault fileFault;
  private final WpFault wpFault;
  private final SwapFault swapFault;
  private final Hugetlb hugetlb;
  private final HandleUserfault handleUserfault;
  private final MigrationWaitProtocol migrationWait;
  private final MigrationWaitProtocol.Parts migrationWaitParts;

  /**
   * @param zeroPfn a frame of zeroes that all read faults on untouched memory share
   */
  public HandleMmFault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      PageRmap pageRmap,
      RmapWalk rmapWalk,
      PageCache pageCache,
      GetFolio getFolio,
      SwapCache swapCache,
      SwapIn swapIn,
      Hugetlb hugetlb,
      MigrationWaitProtocol migrationWait,
      RemoveMigrationPtes removeMigrationPtes,
      HandleUserfault handleUserfault,
      long zeroPfn) {
    this.tables = tables;
    this.hugetlb = hugetlb;
    AnonPages anonPages = new AnonPages(anonVmas, pageRmap);
    this.handleUserfault = handleUserfault;
    this.anonFault = new AnonFault(frames, tables, anonPages, handleUserfault, zeroPfn);
    this.fileFault = new FileFault(phys, frames, tables, pageRmap, anonPages, pageCache, getFolio);
    this.wpFault = new WpFault(phys, frames, tables, tlbFlush, pageRmap, anonPages, swapCache);
    SharedSwap sharedSwap = new SharedSwap(phys, frames, anonVmas, pageRmap, rmapWalk);
    this.swapFault =
        new SwapFault(phys, frames, tables, pageRmap, swapCache, swapIn, sharedSwap, wpFault);
    this.migrationWait = migrationWait;
    this.migrationWaitParts =
        new MigrationWaitProtocol.Parts(phys, frames, tables, removeMigrationPtes);
  }

  SwapFault swapFault() {
    return swapFault;
  }

  /**
   * The caller holds mmap_lock, or has locked the VMA itself and says so in {@code flags}.
   *
   * @param cpu the one that the caller runs on; null if it runs on none
   * @param vaddr page aligned
   * @param flags {@link FaultFlags}
   * @return {@link VmFault}, 0 if the access is worth another try
   */
  int handle(@Nullable Cpu cpu, Vma vma, long vaddr, int flags) {
    try {
      if (HugePages.isHugetlb(vma)) {
        return hugetlb.fault.fault(cpu, vma, vaddr, flags);
      }
      long pteAddr = tables.pteAlloc(vma.mm, vaddr);
      if (pteAddr == PageTables.NONE) {
        return VM_FAULT_OOM;
      }
      long pteVal = Mem.longGetAcquire(pteAddr);
      if (pteVal == 0) {
        return vma.isAnonymous()
            ? anonFault.doAnonymousPage(vma, vaddr, pteAddr, flags)
            : fileFault.doFault(vma, vaddr, pteAddr, flags);
      }
      return handleUsedPte(cpu, vma, vaddr, pteAddr, pteVal, flags);
    } catch (ErrnoException e) {
      return VM_FAULT_OOM; // no memory for an anon_vma: nothing else in there throws it
    }
  }

  private int handleUsedPte(
      @Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, int flags) {
    if (!Pte.isPresent(pteVal)) {
      return handleNonPresent(cpu, vma, vaddr, pteAddr, pteVal, flags);
    }
    if ((flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) != 0 && !Pte.isWrite(pteVal)) {
      if ((flags & FAULT_FLAG_UNSHARE) == 0 && isUserfaultfdWp(vma, pteVal)) {
        return handleUserfault.handle(vma, vaddr, flags, VM_UFFD_WP);
      }
      return wpFault.doWpPage(cpu, vma, vaddr, pteAddr, pteVal, flags);
    } // else: somebody else handled the same fault; the access is tried again
    return 0;
  }

  /**
   * @kernel include/linux/userfaultfd_k.h:userfaultfd_pte_wp
   */
  private static boolean isUserfaultfdWp(Vma vma, long pteVal) {
    return Pte.isUffdWp(pteVal) && (vma.vmFlagsGetOpaque() & VM_UFFD_WP) != 0;
  }

  /** Waits for the end of a migration; as {@link MigrationWaitProtocol}. */
  int migrationEntryWait(Vma vma, long vaddr, long pteAddr) {
    return migrationWait.migrationEntryWait(migrationWaitParts, vma, vaddr, pteAddr);
  }

  /** What {@link #handle} returned VM_FAULT_USERFAULT for; the caller holds no lock any more. */
  void awaitUserfault() {
    handleUserfault.await();
  }

  private int handleNonPresent(
      @Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, int flags) {
    if (SwapPte.isSwapEntry(pteVal)) {
      return swapFault.doSwapPage(cpu, vma, vaddr, pteAddr, pteVal, flags);
    }
    if (MigrationEntry.isMigrationEntry(pteVal)) {
      return migrationWait.migrationEntryWait(migrationWaitParts, vma, vaddr, pteAddr);
    }
    throw new KernelBug("page-table word 0x" + Long.toHexString(pteVal) + " means nothing");
  }
}
