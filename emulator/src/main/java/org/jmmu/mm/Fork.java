package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_DONTCOPY;
import static org.jmmu.types.VmFlags.VM_LOCKED_MASK;
import static org.jmmu.types.VmFlags.VM_WIPEONFORK;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Copies an address space: VMAs, and page-table entries that both sides share copy-on-write.
 *
 * @kernel mm/mmap.c:dup_mmap
 */
public final class Fork {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;
  private final Accounting accounting;
  private final FailAlloc failAlloc;
  private final Swapfile swapfile;
  private final Hugetlb hugetlb;

  public Fork(
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      PageRmap pageRmap,
      Accounting accounting,
      FailAlloc failAlloc,
      Swapfile swapfile,
      Hugetlb hugetlb) {
    this.hugetlb = hugetlb;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
    this.accounting = accounting;
    this.failAlloc = failAlloc;
    this.swapfile = swapfile;
  }

  /**
   * Fills {@code child}, a new and empty address space that nobody else uses yet.
   *
   * @throws ErrnoException ENOMEM; {@code child} then holds a part and is to be torn down
   */
  public void dupMmap(Mm parent, Mm child) {
    parent.mmapLock.writeLock();
    try {
      copySettings(parent, child);
      failAlloc.check("maple_node"); // the tree as a whole: what is inserted below has its place
      for (Vma vma = parent.vmas.find(0); vma != null; vma = parent.vmas.next(vma)) {
        vma.startWrite();
        PausePoint.reach("dupMmap.vma");
        if ((vma.vmFlagsGetOpaque() & VM_DONTCOPY) != 0) {
          failAlloc.check("maple_node");
          accounting.vmStatAccount(child, vma.vmFlagsGetOpaque(), -vma.nrPages());
        } else {
          copyVma(vma, child);
        }
      }
    } finally {
      tlbFlush.range(parent, 0, Mman.TASK_SIZE);
      parent.mmapLock.writeUnlock();
    }
  }

  private static void copySettings(Mm parent, Mm child) {
    child.mmapBase = parent.mmapBase;
    child.totalVm = parent.totalVm;
    child.dataVm = parent.dataVm;
    child.execVm = parent.execVm;
    child.stackVm = parent.stackVm;
    child.startBrk = parent.startBrk;
    child.brk = parent.brk;
    child.startStack = parent.startStack;
    child.defFlags = parent.defFlags & ~VM_LOCKED_MASK;
    child.pkeyAllocationMap = parent.pkeyAllocationMap;
    child.executeOnlyPkey = parent.executeOnlyPkey;
  }

  private void copyVma(Vma vma, Mm child) {
    boolean wiped = (vma.vmFlagsGetOpaque() & VM_WIPEONFORK) != 0;
    Vma copy = dup(vma, child, wiped);
    linkFile(copy);
    child.vmas.insert(copy);
    // Without an anon_vma the range holds nothing that is not elsewhere: faults bring it back.
    if (!wiped && vma.anonVmaGetAcquire() != null) {
      if (HugePages.isHugetlb(vma)) {
        hugetlb.range.copy(child, vma);
      } else {
        copyPageRange(child, vma);
      }
    }
  }

  /** A charged copy, on the lists of its anon_vmas. @throws ErrnoException ENOMEM */
  private Vma dup(Vma vma, Mm child, boolean wiped) {
    long charge = (vma.vmFlagsGetOpaque() & VM_ACCOUNT) != 0 ? vma.nrPages() : 0;
    accounting.vmEnoughMemory(vma.mm, charge);
    Vma copy = null;
    try {
      failAlloc.check("vm_area_struct");
      copy = vma.dup(child);
      copy.vmFlagsSetOpaque(vma.vmFlagsGetOpaque() & ~VM_LOCKED_MASK);
      copy.resetUserfaultfdCtx();
      if (!wiped) {
        anonVmas.fork(copy, vma);
      }
      return copy;
    } catch (ErrnoException e) {
      if (copy != null) {
        copy.free();
      }
      accounting.vmUnacctMemory(charge);
      throw e;
    }
  }

  private static void linkFile(Vma vma) {
    if (vma.file != null) {
      AddressSpace mapping = vma.file.mapping;
      mapping.iMmapRwsem.writeLock();
      mapping.iMmap.insert(vma);
      mapping.iMmapRwsem.writeUnlock();
    }
  }

  /**
   * The caller holds mmap_lock(W) of the parent, and has locked the VMA for writing.
   *
   * @kernel mm/memory.c:copy_page_range
   */
  private void copyPageRange(Mm child, Vma vma) {
    assert vma.isWriteLocked() : vma;
    long end = vma.vmEndGetOpaque();
    for (long at = vma.vmStartGetOpaque(); at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long src = tables.pteOffset(vma.mm, at);
      if (src != PageTables.NONE) {
        long dst = tables.pteAlloc(child, at);
        if (dst == PageTables.NONE) {
          throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
        }
        tables.lock(dst);
        SpinLock.lockNested(tables.ptl(src), LockClass.PTL, 1);
        boolean copied = copyEntries(src, dst, (next - at) / PAGE_SIZE);
        tables.unlock(src);
        tables.unlock(dst);
        if (!copied) {
          throw new ErrnoException(Errno.ENOMEM, "no memory to count a swap entry");
        }
      }
      at = next;
    }
  }

  /**
   * @return false if a swap entry could not be counted; what lies before it is copied
   */
  private boolean copyEntries(long src, long dst, long nr) {
    for (long offset = 0; offset < nr * Long.BYTES; offset += Long.BYTES) {
      long pteVal = Mem.longGetOpaque(src + offset);
      if (pteVal == 0) {
        continue;
      }
      if (Pte.isPresent(pteVal)) {
        pteVal = Pte.clearUffdWp(shareCopyOnWrite(src + offset, pteVal));
      } else {
        long shared = shareNonPresent(pteVal);
        if (shared == 0) {
          return false;
        }
        if (shared != pteVal) {
          pteVal = shared;
          Mem.longSetRelease(src + offset, pteVal);
        }
        pteVal = SwapPte.clearUffdWp(pteVal);
      }
      Mem.longSetRelease(dst + offset, pteVal);
    }
    return true;
  }

  /**
   * What parent and child have from now on, 0 if it cannot be.
   *
   * @kernel mm/memory.c:copy_nonpresent_pte
   */
  private long shareNonPresent(long pteVal) {
    if (SwapPte.isSwapEntry(pteVal)) {
      return swapfile.duplicate(SwapPte.toEntry(pteVal)) ? SwapPte.clearExclusive(pteVal) : 0;
    }
    return MigrationEntry.isReadable(pteVal) ? pteVal : MigrationEntry.toReadable(pteVal);
  }

  private long shareCopyOnWrite(long src, long pteVal) {
    long shared = pteVal;
    if (Pte.isWrite(pteVal)) {
      shared = Pte.setWrProtect(src);
    }
    if (!Pte.isSpecial(shared)) {
      long pfn = Pte.pfn(shared);
      frames.get(pfn);
      pageRmap.clearAnonExclusive(pfn);
      pageRmap.add(pfn);
    }
    return Pte.mkOld(Pte.wrProtect(shared));
  }
}
