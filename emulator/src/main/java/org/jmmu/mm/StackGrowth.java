package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_ACCESS_FLAGS;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_LOCKED;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Lets a stack grow down to an address below it.
 *
 * @kernel mm/mmap_lock.c:lock_mm_and_find_vma, mm/vma.c:expand_downwards
 */
public final class StackGrowth {
  private final AnonVmas anonVmas;
  private final Accounting accounting;
  private final FailAlloc failAlloc;

  public StackGrowth(AnonVmas anonVmas, Accounting accounting, FailAlloc failAlloc) {
    this.anonVmas = anonVmas;
    this.accounting = accounting;
    this.failAlloc = failAlloc;
  }

  /**
   * The VMA that covers {@code vaddr}, perhaps since it grew, with mmap_lock held for reading; null
   * and no lock if there is none.
   */
  @Nullable Vma lockMmAndFindVma(Mm mm, long vaddr) {
    mm.mmapLock.readLock();
    Vma vma = mm.vmas.find(vaddr);
    if (vma != null && vma.vmStartGetOpaque() <= vaddr) {
      return vma;
    }
    mm.mmapLock.readUnlock();
    if (vma == null || (vma.vmFlagsGetOpaque() & VM_GROWSDOWN) == 0) {
      return null;
    }
    PausePoint.reach("lockMmAndFindVma.unlocked");
    mm.mmapLock.writeLock();
    vma = mm.vmas.find(vaddr); // the lock was free for a moment
    if (vma == null || (vma.vmStartGetOpaque() > vaddr && !expandDownwards(vma, vaddr))) {
      mm.mmapLock.writeUnlock();
      return null;
    }
    mm.mmapLock.downgradeWrite();
    return vma;
  }

  /** The caller holds mmap_lock(W). @kernel mm/vma.c:expand_downwards */
  private boolean expandDownwards(Vma vma, long vaddr) {
    Mm mm = vma.mm;
    long start = vaddr & PAGE_MASK;
    if ((vma.vmFlagsGetOpaque() & VM_GROWSDOWN) == 0
        || start < mm.sysctl.mmapMinAddr
        || !keepsGap(mm, start)) {
      return false;
    }
    AnonVma anonVma;
    try {
      anonVma = anonVmas.prepare(vma);
      failAlloc.check("maple_node");
    } catch (ErrnoException e) {
      return false;
    }
    vma.startWrite();
    long grow = (vma.vmStartGetOpaque() - start) >> PAGE_SHIFT;
    if (grow > vma.vmPgoffGetOpaque() || !acctStackGrowth(vma, start, grow)) {
      return false;
    }
    anonVmas.protocol().anonVmaLock(anonVma);
    anonVmas.protocol().preUpdateVma(vma);
    vma.vmStartSetOpaque(start);
    PausePoint.reach("expandDownwards.vm_start");
    vma.vmPgoffSetOpaque(vma.vmPgoffGetOpaque() - grow);
    anonVmas.protocol().postUpdateVma(vma);
    mm.vmas.rangeChanged(vma);
    anonVmas.protocol().anonVmaUnlock(anonVma);
    return true;
  }

  /** Another stack below needs no gap, and neither does what nobody can access. */
  private static boolean keepsGap(Mm mm, long start) {
    Vma prev = mm.vmas.findPrev(start);
    return prev == null
        || (prev.vmFlagsGetOpaque() & VM_GROWSDOWN) != 0
        || (prev.vmFlagsGetOpaque() & VM_ACCESS_FLAGS) == 0
        || start - prev.vmEndGetOpaque() >= mm.sysctl.stackGuardGap << PAGE_SHIFT;
  }

  /**
   * @kernel mm/vma.c:acct_stack_growth
   */
  private boolean acctStackGrowth(Vma vma, long start, long grow) {
    Mm mm = vma.mm;
    long flags = vma.vmFlagsGetOpaque();
    long size = vma.vmEndGetOpaque() - start;
    if (!accounting.mayExpandVm(mm, flags, grow)
        || Long.compareUnsigned(size, mm.rlimits.stack) > 0
        || !Accounting.mlockFutureOk(mm, flags, grow << PAGE_SHIFT)) {
      return false;
    }
    try {
      accounting.vmEnoughMemory(mm, grow);
    } catch (ErrnoException e) {
      return false;
    }
    if ((flags & VM_LOCKED) != 0) {
      mm.lockedVm += grow;
    }
    accounting.vmStatAccount(mm, flags, grow);
    return true;
  }
}
