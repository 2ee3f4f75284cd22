package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.types.SegvException.Code.SEGV_ACCERR;
import static org.jmmu.types.SegvException.Code.SEGV_MAPERR;
import static org.jmmu.types.VmFlags.VM_ACCESS_FLAGS;
import static org.jmmu.types.VmFlags.VM_EXEC;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.FaultHandler;
import org.jmmu.hw.PageFaultCode;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.SwitchMm;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;
import org.jmmu.types.SegvException;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Page faults on private anonymous memory: first touch, the zero page, copy-on-write, and waiting
 * for a migration.
 *
 * <p>Every path looks at the entry once, works without the ptl, and takes effect only if the entry
 * is still the same once the ptl is held; otherwise the access simply faults again.
 *
 * @kernel arch/x86/mm/fault.c:do_user_addr_fault, mm/memory.c:handle_pte_fault
 */
public final class Fault implements FaultHandler {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;
  private final SwitchMm switchMm;
  private final long zeroPfn;

  /**
   * @param zeroPfn a frame of zeroes that all read faults on untouched memory share
   */
  public Fault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      PageRmap pageRmap,
      SwitchMm switchMm,
      long zeroPfn) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
    this.switchMm = switchMm;
    this.zeroPfn = zeroPfn;
  }

  /**
   * Called by a CPU whose access the page tables did not allow.
   *
   * @throws SegvException if no VMA allows it either
   * @throws ErrnoException ENOMEM if there is no frame
   */
  @Override
  public void pageFault(Cpu cpu, long vaddr, int errorCode) {
    Mm mm = switchMm.running(cpu);
    if (mm == null) {
      throw new KernelBug("page fault on CPU " + cpu.id() + ", which runs no process");
    }
    mm.mmapLock.readLock();
    try {
      Vma vma = mm.vmas.find(vaddr);
      if (vma == null || vaddr < vma.vmStartGetOpaque()) {
        throw new SegvException(SEGV_MAPERR, vaddr);
      }
      checkAccess(vma, vaddr, errorCode);
      boolean write = (errorCode & PageFaultCode.WRITE) != 0;
      handlePteFault(cpu, vma, vaddr & PAGE_MASK, write);
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /**
   * @kernel arch/x86/mm/fault.c:access_error
   */
  private static void checkAccess(Vma vma, long vaddr, int errorCode) {
    long flags = vma.vmFlagsGetOpaque();
    boolean allowed;
    if ((errorCode & PageFaultCode.WRITE) != 0) {
      allowed = (flags & VM_WRITE) != 0;
    } else if ((errorCode & PageFaultCode.FETCH) != 0) {
      allowed = (flags & VM_EXEC) != 0;
    } else {
      allowed = (flags & VM_ACCESS_FLAGS) != 0 && (errorCode & PageFaultCode.PROTECTION) == 0;
    }
    if (!allowed) {
      throw new SegvException(SEGV_ACCERR, vaddr);
    }
  }

  /** One attempt; the caller holds mmap_lock. {@code cpu}: which the caller runs on, if any. */
  void handlePteFault(@Nullable Cpu cpu, Vma vma, long vaddr, boolean write) {
    long pteAddr = tables.pteAlloc(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    long pteVal = Mem.longGetAcquire(pteAddr);
    if (pteVal == 0) {
      if (write) {
        doAnonymousPage(vma, vaddr, pteAddr);
      } else {
        mapZeroPage(vma, pteAddr);
      }
    } else if (MigrationEntry.isMigrationEntry(pteVal)) {
      migrationEntryWait(pteAddr);
    } else if (write && Pte.isPresent(pteVal) && !Pte.isWrite(pteVal)) {
      doWpPage(cpu, vma, vaddr, pteAddr, pteVal);
    } // else: somebody else handled the same fault; the access is tried again
  }

  /**
   * @kernel mm/memory.c:do_anonymous_page
   */
  private void doAnonymousPage(Vma vma, long vaddr, long pteAddr) {
    AnonVma anonVma = anonVmas.prepare(vma);
    long pfn = frames.allocZeroed(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page");
    }
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == 0;
    if (still) {
      setNewPage(vma, vaddr, pteAddr, pfn, anonVma);
    }
    tables.unlock(pteAddr);
    if (!still) {
      frames.put(pfn);
    }
  }

  private void mapZeroPage(Vma vma, long pteAddr) {
    long entry = Pte.mkSpecial(Pte.of(zeroPfn, Pte.prot(vma.vmFlagsGetOpaque())));
    tables.lock(pteAddr);
    if (Mem.longGetOpaque(pteAddr) == 0) {
      Mem.longSetRelease(pteAddr, entry);
    }
    tables.unlock(pteAddr);
  }

  /** A write to a page that may be shared. @kernel mm/memory.c:do_wp_page */
  private void doWpPage(@Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal) {
    if (Pte.isSpecial(pteVal)) {
      copyPage(cpu, vma, vaddr, pteAddr, pteVal, zeroPfn);
      return;
    }
    long pfn = Pte.pfn(pteVal);
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == pteVal;
    // One mapping and one reference: nobody else sees the page, now or through a pin.
    boolean reuse =
        still
            && PageDesc.mapcountGetAcquire(phys, pfn) == 1
            && PageDesc.refcountGetAcquire(phys, pfn) == 1;
    if (reuse) {
      Pte.setWriteDirty(pteAddr);
    } else if (still) {
      frames.get(pfn); // the copy below reads it without the ptl
    }
    tables.unlock(pteAddr);
    if (still && !reuse) {
      try {
        copyPage(cpu, vma, vaddr, pteAddr, pteVal, pfn);
      } finally {
        frames.put(pfn);
      }
    }
  }

  /**
   * @kernel mm/memory.c:wp_page_copy
   */
  private void copyPage(
      @Nullable Cpu cpu, Vma vma, long vaddr, long pteAddr, long pteVal, long oldPfn) {
    AnonVma anonVma = anonVmas.prepare(vma);
    long pfn = frames.alloc(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a copy");
    }
    phys.copyPage(oldPfn, pfn);
    boolean special = Pte.isSpecial(pteVal);
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == pteVal;
    if (still) {
      // No CPU may go on reading the old page once one of them writes to the new one.
      Mem.longSetRelease(pteAddr, 0);
      tlbFlush.page(vma.mm, vaddr, cpu);
      setNewPage(vma, vaddr, pteAddr, pfn, anonVma);
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
  }

  private void setNewPage(Vma vma, long vaddr, long pteAddr, long pfn, AnonVma anonVma) {
    pageRmap.addNewAnon(pfn, vma, anonVma, vaddr);
    long pteVal = Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque()));
    // Release: a CPU that walks to the page sees its content.
    Mem.longSetRelease(pteAddr, Pte.mkWrite(Pte.mkDirty(Pte.mkYoung(pteVal))));
  }

  /**
   * @kernel mm/migrate.c:migration_entry_wait
   */
  private void migrationEntryWait(long pteAddr) {
    PausePoint.reach("migrationEntryWait.begin");
    tables.lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (!MigrationEntry.isMigrationEntry(pteVal)) {
      tables.unlock(pteAddr);
      return;
    }
    long pfn;
    try {
      pfn = MigrationEntry.lockedPfn(phys, pteVal);
    } catch (KernelBug e) {
      tables.unlock(pteAddr);
      throw e;
    }
    // Without a reference on the page: while the ptl is held the entry stands, and while the entry
    // stands the migration is not over, so the page cannot go before this thread is queued.
    PageLock.waitOnLockedDroppingPtl(phys, pfn, tables.ptl(pteAddr));
  }
}
