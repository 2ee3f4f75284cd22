package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_DROPPABLE;
import static org.jmmu.types.VmFlags.VM_HUGETLB;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_LOCKED_MASK;
import static org.jmmu.types.VmFlags.VM_LOCKONFAULT;
import static org.jmmu.types.VmFlags.VM_SPECIAL;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Locks memory: its pages are faulted in, and are to stay.
 *
 * @kernel mm/mlock.c
 */
public final class Mlock {
  private static final int MCL_FLAGS = Mman.MCL_CURRENT | Mman.MCL_FUTURE | Mman.MCL_ONFAULT;

  private final VmaModify vmaModify;
  private final FaultIn faultIn;

  public Mlock(VmaModify vmaModify, FaultIn faultIn) {
    this.vmaModify = vmaModify;
    this.faultIn = faultIn;
  }

  /**
   * @param flags 0 or MLOCK_ONFAULT
   * @throws ErrnoException EINVAL; EPERM without any right to lock; ENOMEM beyond the limit, at a
   *     hole (what lies before is locked), or where no page can be; EAGAIN without memory
   */
  public void mlock(Mm mm, long vaddr, long length, int flags) {
    if ((flags & ~Mman.MLOCK_ONFAULT) != 0) {
      throw new ErrnoException(Errno.EINVAL, "mlock2 flags 0x" + Integer.toHexString(flags));
    }
    checkMayLock(mm);
    long start = vaddr & PAGE_MASK;
    long bytes = Mman.pageAlign(length + (vaddr - start));
    long end = Mman.clampEnd(start + bytes);
    long first = Mman.clampStart(start);
    long nrPages = bytes >>> PAGE_SHIFT;
    long onFault = flags == 0 ? 0 : VM_LOCKONFAULT;
    mm.mmapLock.writeLock();
    try {
      long locked = mm.lockedVm + nrPages;
      if (Accounting.exceedsMemlock(mm, locked)
          && Accounting.exceedsMemlock(mm, locked - lockedPages(mm, first, end))) {
        throw new ErrnoException(Errno.ENOMEM, "more locked memory than the limit allows");
      }
      apply(mm, start, bytes, VM_LOCKED | onFault);
    } finally {
      mm.mmapLock.writeUnlock();
    }
    faultIn.populateLocked(mm, first, end);
  }

  /**
   * @throws ErrnoException EINVAL; ENOMEM at a hole, what lies before is unlocked
   */
  public void munlock(Mm mm, long vaddr, long length) {
    long start = vaddr & PAGE_MASK;
    mm.mmapLock.writeLock();
    try {
      apply(mm, start, Mman.pageAlign(length + (vaddr - start)), 0);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  /**
   * @throws ErrnoException EINVAL; EPERM without any right to lock; ENOMEM beyond the limit
   */
  public void mlockall(Mm mm, int flags) {
    if (flags == 0 || (flags & ~MCL_FLAGS) != 0 || flags == Mman.MCL_ONFAULT) {
      throw new ErrnoException(Errno.EINVAL, "mlockall flags 0x" + Integer.toHexString(flags));
    }
    checkMayLock(mm);
    boolean current = (flags & Mman.MCL_CURRENT) != 0;
    mm.mmapLock.writeLock();
    try {
      if (current && Accounting.exceedsMemlock(mm, mm.totalVm)) {
        throw new ErrnoException(Errno.ENOMEM, "more memory than may be locked");
      }
      long lock = VM_LOCKED | ((flags & Mman.MCL_ONFAULT) != 0 ? VM_LOCKONFAULT : 0);
      boolean future = (flags & Mman.MCL_FUTURE) != 0;
      mm.defFlags = (mm.defFlags & ~VM_LOCKED_MASK) | (future ? lock : 0);
      if (current) {
        applyToAll(mm, lock);
      }
    } finally {
      mm.mmapLock.writeUnlock();
    }
    if (current) {
      faultIn.populate(mm, 0, Mman.TASK_SIZE);
    }
  }

  /** Unlocks all, and what will be mapped. */
  public void munlockall(Mm mm) {
    mm.mmapLock.writeLock();
    try {
      mm.defFlags &= ~VM_LOCKED_MASK;
      applyToAll(mm, 0);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private static void checkMayLock(Mm mm) {
    if (!Accounting.canDoMlock(mm)) {
      throw new ErrnoException(Errno.EPERM, "no memory may be locked");
    }
  }

  /** Pages of the range that count already. @kernel mm/mlock.c:count_mm_mlocked_page_nr */
  private static long lockedPages(Mm mm, long start, long end) {
    long nr = 0;
    for (Vma vma = mm.vmas.find(start);
        vma != null && vma.vmStartGetOpaque() < end;
        vma = mm.vmas.next(vma)) {
      if ((vma.vmFlagsGetOpaque() & VM_LOCKED) != 0) {
        long from = Math.max(start, vma.vmStartGetOpaque());
        nr += (Math.min(end, vma.vmEndGetOpaque()) - from) >>> PAGE_SHIFT;
      }
    }
    return nr;
  }

  /**
   * @kernel mm/mlock.c:apply_vma_lock_flags
   */
  private void apply(Mm mm, long start, long bytes, long lock) {
    if (Long.compareUnsigned(start + bytes, start) < 0) {
      throw new ErrnoException(Errno.EINVAL, "a range that wraps around");
    }
    if (bytes == 0) {
      return;
    }
    long end = Mman.clampEnd(start + bytes);
    for (long at = Mman.clampStart(start); at < end; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() > at) {
        throw new ErrnoException(Errno.ENOMEM, "nothing mapped at 0x" + Long.toHexString(at));
      }
      long next = Math.min(end, vma.vmEndGetOpaque());
      fixup(vma, at, next, lock);
      at = next;
    }
  }

  /**
   * @kernel mm/mlock.c:apply_mlockall_flags
   */
  private void applyToAll(Mm mm, long lock) {
    for (long at = 0; ; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null) {
        return;
      }
      at = vma.vmEndGetOpaque();
      try {
        fixup(vma, vma.vmStartGetOpaque(), at, lock);
      } catch (ErrnoException e) {
        // too many VMAs: this one stays as it is
      }
    }
  }

  /**
   * @kernel mm/internal.h:vma_supports_mlock
   */
  static boolean supportsMlock(long vmFlags) {
    return (vmFlags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)) == 0;
  }

  /**
   * @kernel mm/mlock.c:mlock_fixup
   */
  private void fixup(Vma vma, long start, long end, long lock) {
    long oldFlags = vma.vmFlagsGetOpaque();
    long flags = (oldFlags & ~VM_LOCKED_MASK) | lock;
    if (flags == oldFlags || !supportsMlock(oldFlags)) {
      return;
    }
    Mm mm = vma.mm;
    Vma _ = vmaModify.modifyFlags(vma, start, end, flags);
    long nrPages = (end - start) >>> PAGE_SHIFT;
    if ((flags & VM_LOCKED) == 0) {
      mm.lockedVm -= nrPages;
    } else if ((oldFlags & VM_LOCKED) == 0) {
      mm.lockedVm += nrPages;
    }
  }
}
