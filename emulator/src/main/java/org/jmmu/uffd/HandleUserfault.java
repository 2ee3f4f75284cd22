package org.jmmu.uffd;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_ALLOW_RETRY;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_USER;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFault.VM_FAULT_USERFAULT;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;

/**
 * The faulting side. Linux does it in one function, which gives up its caller's lock in the middle;
 * here the caller does that, between the two halves.
 *
 * @kernel fs/userfaultfd.c:handle_userfault
 */
public final class HandleUserfault {
  // Between the two halves of a fault; a thread is in one fault at a time.
  private static final ThreadLocal<UserfaultWait> QUEUED = new ThreadLocal<>();

  private final PageTables tables;

  public HandleUserfault(PageTables tables) {
    this.tables = tables;
  }

  /**
   * Queues a fault in a registered VMA. The caller holds mmap_lock or the VMA's lock, and no ptl.
   *
   * @param reason VM_UFFD_MISSING or VM_UFFD_WP
   * @return VM_FAULT_USERFAULT: {@link #await} is to follow, without the lock; 0: the access can be
   *     tried again at once; VM_FAULT_SIGBUS if there is to be no waiting
   */
  public int handle(Vma vma, long vaddr, int flags, long reason) {
    UserfaultfdCtx ctx = UserfaultfdCtx.of(vma);
    if (ctx == null) {
      throw new KernelBug("a userfault in " + vma + ", which is not registered");
    }
    if (ctx.has(UffdApi.UFFD_FEATURE_SIGBUS)
        || ((flags & FAULT_FLAG_USER) == 0 && ctx.isUserModeOnly())) {
      return VM_FAULT_SIGBUS;
    }
    if (ctx.isReleased()) {
      return 0; // no VMA is registered with it any more, as soon as mmap_lock can be had
    }
    if ((flags & FAULT_FLAG_ALLOW_RETRY) == 0) {
      return VM_FAULT_SIGBUS;
    }
    long why = (flags & FAULT_FLAG_WRITE) != 0 ? UffdApi.UFFD_PAGEFAULT_FLAG_WRITE : 0;
    why |= (reason & VM_UFFD_WP) != 0 ? UffdApi.UFFD_PAGEFAULT_FLAG_WP : 0;
    UserfaultWait wait = new UserfaultWait(ctx, vaddr, why);
    ctx.queue(wait);
    PausePoint.reach("handleUserfault.queued");
    // After queueing: whoever set the entry before this look has not woken us, nor will.
    if (!mustWait(vma, vaddr, reason)) {
      wait.cancel();
      return 0;
    }
    QUEUED.set(wait);
    return VM_FAULT_USERFAULT;
  }

  /** Waits until somebody wakes the fault that this thread has queued. */
  public void await() {
    UserfaultWait wait = QUEUED.get();
    QUEUED.remove();
    PausePoint.reach("handleUserfault.unlocked");
    wait.await();
  }

  /**
   * @kernel fs/userfaultfd.c:userfaultfd_must_wait
   */
  private boolean mustWait(Vma vma, long vaddr, long reason) {
    long pteAddr = tables.pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    long pteVal = Mem.longGetAcquire(pteAddr);
    return pteVal == 0 || ((reason & VM_UFFD_WP) != 0 && !Pte.isWrite(pteVal));
  }
}
