package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Rlimits;
import org.jmmu.types.VmFlags;
import org.jmmu.types.VmSysctl;

/**
 * What address spaces may still take: limits of the process, and the commit limit of the machine.
 *
 * @kernel mm/util.c:__vm_enough_memory, mm/vma.c:may_expand_vm, vm_stat_account
 */
public final class Accounting {
  /** Pages that OVERCOMMIT_NEVER keeps back for one process's way out: 128 MiB. */
  private static final long USER_RESERVE_PAGES = (128L << 20) >> PAGE_SHIFT;

  private final long totalramPages;
  private final AtomicLong totalSwapPages = new AtomicLong();
  private final AtomicLong committedAs = new AtomicLong(); // vm_committed_as, in pages

  /**
   * @param totalramPages frames of the machine
   */
  public Accounting(long totalramPages) {
    this.totalramPages = totalramPages;
  }

  /** Pages that VMAs with VM_ACCOUNT count up to. */
  public long committedAs() {
    return committedAs.get();
  }

  /** Forgets every charge: the machine is to be used afresh. */
  public void reset() {
    totalSwapPages.set(0);
    committedAs.set(0);
  }

  /** There is more swap, or with a negative number less. */
  public void addSwap(long nrPages) {
    totalSwapPages.addAndGet(nrPages);
  }

  /** Whether private memory mapped so counts against the commit limit. */
  static boolean isAccountable(long flags) {
    long all = VmFlags.VM_NORESERVE | VmFlags.VM_SHARED | VmFlags.VM_WRITE | VmFlags.VM_HUGETLB;
    return (flags & all) == VmFlags.VM_WRITE;
  }

  /** Whether RLIMIT_AS and RLIMIT_DATA allow {@code nrPages} more with these flags. */
  boolean mayExpandVm(Mm mm, long flags, long nrPages) {
    if (exceeds(mm.totalVm + nrPages, mm.rlimits.as)) {
      return false;
    }
    return !isData(flags) || !exceeds(mm.dataVm + nrPages, mm.rlimits.data);
  }

  /** Counts pages that were mapped, or with a negative number unmapped. */
  void vmStatAccount(Mm mm, long flags, long nrPages) {
    mm.totalVm += nrPages;
    if (isExec(flags)) {
      mm.execVm += nrPages;
    } else if ((flags & VmFlags.VM_GROWSDOWN) != 0) {
      mm.stackVm += nrPages;
    } else if (isData(flags)) {
      mm.dataVm += nrPages;
    }
  }

  /**
   * Charges pages that may have to be backed one day.
   *
   * @throws ErrnoException ENOMEM, with nothing charged
   */
  public void vmEnoughMemory(Mm mm, long nrPages) {
    long committed = committedAs.addAndGet(nrPages);
    boolean enough =
        switch (mm.sysctl.overcommitMemory) {
          case VmSysctl.OVERCOMMIT_ALWAYS -> true;
          case VmSysctl.OVERCOMMIT_NEVER ->
              committed
                  < totalramPages * mm.sysctl.overcommitRatio / 100
                      + totalSwapPages.get()
                      - Math.min(mm.totalVm / 32, USER_RESERVE_PAGES);
          default -> nrPages <= totalramPages + totalSwapPages.get();
        };
    if (!enough) {
      committedAs.addAndGet(-nrPages);
      throw new ErrnoException(Errno.ENOMEM, "memory for " + nrPages + " pages more");
    }
  }

  /** Charges pages that the caller knows to be free. @kernel include/linux/mman.h:vm_acct_memory */
  public void vmAcctMemory(long nrPages) {
    committedAs.addAndGet(nrPages);
  }

  /** Gives a charge back. @kernel include/linux/mman.h:vm_unacct_memory */
  public void vmUnacctMemory(long nrPages) {
    committedAs.addAndGet(-nrPages);
  }

  /** Whether RLIMIT_MEMLOCK allows {@code length} bytes more. @kernel mm/mmap.c:mlock_future_ok */
  static boolean mlockFutureOk(Mm mm, long flags, long length) {
    return (flags & VmFlags.VM_LOCKED) == 0
        || !exceedsMemlock(mm, mm.lockedVm + (length >> PAGE_SHIFT));
  }

  /**
   * @kernel mm/mlock.c:can_do_mlock
   */
  static boolean canDoMlock(Mm mm) {
    return mm.rlimits.capIpcLock || mm.rlimits.memlock != 0;
  }

  /** Whether {@code nrPages} are more than the process may lock. */
  static boolean exceedsMemlock(Mm mm, long nrPages) {
    return !mm.rlimits.capIpcLock && exceeds(nrPages, mm.rlimits.memlock);
  }

  private static boolean exceeds(long nrPages, long limit) {
    return limit != Rlimits.RLIM_INFINITY
        && Long.compareUnsigned(nrPages, limit >>> PAGE_SHIFT) > 0;
  }

  private static boolean isExec(long flags) {
    return (flags & (VmFlags.VM_EXEC | VmFlags.VM_WRITE | VmFlags.VM_GROWSDOWN)) == VmFlags.VM_EXEC;
  }

  private static boolean isData(long flags) {
    return (flags & (VmFlags.VM_WRITE | VmFlags.VM_SHARED | VmFlags.VM_GROWSDOWN))
        == VmFlags.VM_WRITE;
  }
}
