package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_ALLOW_RETRY;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_USER;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_VMA_LOCK;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.SegvException.Code.SEGV_ACCERR;
import static org.jmmu.types.SegvException.Code.SEGV_MAPERR;
import static org.jmmu.types.SegvException.Code.SEGV_PKUERR;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFault.VM_FAULT_USERFAULT;
import static org.jmmu.types.VmFlags.VM_ACCESS_FLAGS;
import static org.jmmu.types.VmFlags.VM_PKEY;
import static org.jmmu.types.VmFlags.VM_PKEY_SHIFT;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.hw.ControlBits;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.FaultHandler;
import org.jmmu.hw.PageFaultCode;
import org.jmmu.pgtable.SwitchMm;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Page faults of user programs: finds the VMA, asks whether it allows the access, and says which
 * signal comes of it if not.
 *
 * @kernel arch/x86/mm/fault.c:do_user_addr_fault
 */
public final class Fault implements FaultHandler {
  /** What keeps the VMA still during a fault. */
  public enum Locking {
    /** Its own lock, and mmap_lock only if that does not do: Linux 6.4 and later. */
    VMA_LOCK,
    /** mmap_lock. */
    MMAP_LOCK
  }

  private final HandleMmFault handleMmFault;
  private final SwitchMm switchMm;
  private final StackGrowth stackGrowth;
  private final boolean vmaLocks;

  public Fault(
      HandleMmFault handleMmFault, SwitchMm switchMm, StackGrowth stackGrowth, Locking locking) {
    this.handleMmFault = handleMmFault;
    this.switchMm = switchMm;
    this.stackGrowth = stackGrowth;
    this.vmaLocks = locking == Locking.VMA_LOCK;
  }

  /**
   * Called by a CPU whose access the page tables did not allow.
   *
   * @throws SegvException if no VMA allows it either
   * @throws SigbusException if there is nothing behind the mapping at that place
   * @throws ErrnoException ENOMEM if there is no frame
   */
  @Override
  public void pageFault(Cpu cpu, long vaddr, int errorCode) {
    Mm mm = switchMm.running(cpu);
    if (mm == null) {
      throw new KernelBug("page fault on CPU " + cpu.id() + ", which runs no process");
    }
    int flags = FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY;
    flags |= (errorCode & PageFaultCode.WRITE) != 0 ? FAULT_FLAG_WRITE : 0;
    int reason = vmaLocks ? withVmaLock(cpu, mm, vaddr, errorCode, flags) : VM_FAULT_RETRY;
    if (reason == VM_FAULT_RETRY) {
      reason = withMmapLock(cpu, mm, vaddr, errorCode, flags);
    }
    if (reason == VM_FAULT_USERFAULT) {
      handleMmFault.awaitUserfault();
    } else if (reason != 0) {
      throw signal(reason, vaddr);
    }
  }

  private int withVmaLock(Cpu cpu, Mm mm, long vaddr, int errorCode, int flags) {
    Vma vma = lockVmaUnderRcu(mm, vaddr);
    if (vma == null) {
      return VM_FAULT_RETRY;
    }
    try {
      PausePoint.reach("fault.vmaLocked");
      checkAccess(cpu, vma, vaddr, errorCode);
      return handleMmFault.handle(cpu, vma, vaddr & PAGE_MASK, flags | FAULT_FLAG_VMA_LOCK);
    } finally {
      vma.endRead();
    }
  }

  /**
   * The VMA that covers an address, locked; null whenever there is any doubt.
   *
   * @kernel mm/mmap_lock.c:lock_vma_under_rcu
   */
  private static @Nullable Vma lockVmaUnderRcu(Mm mm, long vaddr) {
    Vma vma = mm.vmas.find(vaddr);
    PausePoint.reach("lockVmaUnderRcu.found");
    if (vma == null || !vma.startRead()) {
      return null;
    }
    // Only now its range holds still; it may have moved since it was found.
    if (vaddr < vma.vmStartGetOpaque() || vaddr >= vma.vmEndGetOpaque()) {
      vma.endRead();
      return null;
    }
    return vma;
  }

  private int withMmapLock(Cpu cpu, Mm mm, long vaddr, int errorCode, int flags) {
    Vma vma = stackGrowth.lockMmAndFindVma(mm, vaddr);
    if (vma == null) {
      throw new SegvException(SEGV_MAPERR, vaddr);
    }
    try {
      checkAccess(cpu, vma, vaddr, errorCode);
      return handleMmFault.handle(cpu, vma, vaddr & PAGE_MASK, flags);
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /**
   * @kernel arch/x86/mm/fault.c:access_error, bad_area_access_from_pkeys
   */
  private static void checkAccess(Cpu cpu, Vma vma, long vaddr, int errorCode) {
    long flags = vma.vmFlagsGetOpaque();
    if ((errorCode & PageFaultCode.PKEY) != 0 || !pkeyAllows(cpu, flags, errorCode)) {
      throw new SegvException(SEGV_PKUERR, vaddr);
    }
    boolean allowed;
    if ((errorCode & PageFaultCode.WRITE) != 0) {
      allowed = (flags & VM_WRITE) != 0;
    } else {
      // A present page that may not be read or executed: the fault cannot change that.
      allowed = (flags & VM_ACCESS_FLAGS) != 0 && (errorCode & PageFaultCode.PROTECTION) == 0;
    }
    if (!allowed) {
      throw new SegvException(SEGV_ACCERR, vaddr);
    }
  }

  /**
   * @kernel arch/x86/include/asm/mmu_context.h:arch_vma_access_permitted
   */
  private static boolean pkeyAllows(Cpu cpu, long flags, int errorCode) {
    int pkru = cpu.pkru();
    if ((errorCode & PageFaultCode.FETCH) != 0 || (cpu.cr4() & ControlBits.CR4_PKE) == 0) {
      return true;
    }
    int denied = pkru >>> (2 * (int) ((flags & VM_PKEY) >>> VM_PKEY_SHIFT)) & 3;
    return (denied & 1) == 0 && ((denied & 2) == 0 || (errorCode & PageFaultCode.WRITE) == 0);
  }

  private static RuntimeException signal(int reason, long vaddr) {
    return switch (reason) {
      case VM_FAULT_OOM -> new ErrnoException(Errno.ENOMEM, "no frame for a page");
      case VM_FAULT_SIGBUS -> new SigbusException(vaddr);
      default -> new KernelBug("fault ends with " + reason);
    };
  }
}
