package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_MAYEXEC;
import static org.jmmu.types.VmFlags.VM_MAYREAD;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * The heap: [startBrk, brk) of an address space.
 *
 * @kernel mm/mmap.c:SYSCALL_DEFINE1(brk)
 */
public final class Brk {
  private static final long DATA_FLAGS =
      VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

  private final Accounting accounting;
  private final VmaModify vmaModify;
  private final Munmap munmap;
  private final FaultIn faultIn;

  public Brk(Accounting accounting, VmaModify vmaModify, Munmap munmap, FaultIn faultIn) {
    this.accounting = accounting;
    this.vmaModify = vmaModify;
    this.munmap = munmap;
    this.faultIn = faultIn;
  }

  /**
   * @param brk the end of the heap that is wanted
   * @return the end of the heap as it is now
   */
  public long brk(Mm mm, long brk) {
    long oldEnd;
    boolean populate;
    prepare(mm, brk);
    try {
      mm.mmapLock.writeLock();
      try {
        oldEnd = Mman.pageAlign(mm.brk);
        if (!set(mm, brk, oldEnd)) {
          return mm.brk;
        }
        mm.brk = brk;
        populate = (mm.defFlags & VM_LOCKED) != 0;
      } finally {
        mm.mmapLock.writeUnlock();
      }
    } finally {
      munmap.archUnmap().postUnmap(mm);
    }
    long end = Mman.pageAlign(brk);
    if (populate && end > oldEnd) {
      faultIn.populate(mm, oldEnd, end);
    }
    return brk;
  }

  /** What a shrinking heap gives up is known only under mmap_lock: a dry run, if it is needed. */
  private void prepare(Mm mm, long brk) {
    if (!munmap.archUnmap().needsPreparation(mm)) {
      return;
    }
    mm.mmapLock.readLock();
    long end = Mman.pageAlign(brk);
    long oldEnd = Mman.pageAlign(mm.brk);
    boolean shrinks = brk >= mm.startBrk && end < oldEnd;
    mm.mmapLock.readUnlock();
    if (shrinks) {
      munmap.archUnmap().preUnmap(mm, end, oldEnd);
    }
  }

  /** Whether the heap ends at the page of {@code brk} now. */
  private boolean set(Mm mm, long brk, long oldEnd) {
    if (Long.compareUnsigned(brk, mm.startBrk) < 0
        || Long.compareUnsigned(brk - mm.startBrk, mm.rlimits.data) > 0) {
      return false;
    }
    long end = Mman.pageAlign(brk);
    if (end == oldEnd) {
      return true;
    }
    if (Long.compareUnsigned(brk, mm.brk) <= 0) {
      return shrink(mm, end, oldEnd);
    }
    return hasRoom(mm, oldEnd, end) && grow(mm, oldEnd, end, 0);
  }

  private boolean shrink(Mm mm, long end, long oldEnd) {
    Vma vma = mm.vmas.find(end);
    if (vma == null || vma.vmStartGetOpaque() >= oldEnd) {
      return false; // the heap was unmapped
    }
    try {
      munmap.munmapLocked(mm, end, oldEnd);
    } catch (ErrnoException e) {
      return false;
    }
    return true;
  }

  /**
   * @kernel mm/mmap.c:check_brk_limits
   */
  private static boolean hasRoom(Mm mm, long start, long end) {
    long length = end - start;
    if (!Mman.isUserRange(start, length)
        || start < mm.sysctl.mmapMinAddr
        || !Accounting.mlockFutureOk(mm, mm.defFlags, length)) {
      return false;
    }
    Vma next = mm.vmas.find(start);
    return next == null || end + PAGE_SIZE <= UnmappedArea.startGap(next);
  }

  /**
   * Memory that a new program finds zeroed, behind a segment.
   *
   * @param exec VM_EXEC or 0
   * @throws ErrnoException ENOMEM
   * @kernel mm/mmap.c:vm_brk_flags
   */
  void mapZeros(Mm mm, long start, long end, long exec) {
    mm.mmapLock.writeLock();
    try {
      boolean mapped = Mman.isUserRange(start, end - start);
      if (mapped) {
        munmap.munmapLocked(mm, start, end);
        mapped = grow(mm, start, end, exec);
      }
      if (!mapped) {
        throw new ErrnoException(Errno.ENOMEM, "no room for zeroed memory");
      }
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  /**
   * @kernel mm/vma.c:do_brk_flags
   */
  private boolean grow(Mm mm, long start, long end, long exec) {
    long flags = DATA_FLAGS | exec | mm.defFlags;
    long nrPages = (end - start) >>> PAGE_SHIFT;
    if (!accounting.mayExpandVm(mm, flags, nrPages) || mm.vmas.size() > mm.sysctl.maxMapCount) {
      return false;
    }
    try {
      accounting.vmEnoughMemory(mm, nrPages);
    } catch (ErrnoException e) {
      return false;
    }
    long pgoff = start >>> PAGE_SHIFT;
    try {
      // The first page of the heap never joins what lies below: that is no heap.
      boolean joins =
          start > mm.startBrk && vmaModify.mergeNew(mm, start, end, flags, pgoff, null) != null;
      if (!joins) {
        vmaModify.preallocVma();
        vmaModify.link(new Vma(mm, start, end, pgoff, flags));
      }
    } catch (ErrnoException e) {
      accounting.vmUnacctMemory(nrPages);
      return false;
    }
    accounting.vmStatAccount(mm, flags, nrPages);
    if ((flags & VM_LOCKED) != 0) {
      mm.lockedVm += nrPages;
    }
    return true;
  }
}
