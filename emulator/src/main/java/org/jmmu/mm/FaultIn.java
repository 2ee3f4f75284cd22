package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_ALLOW_RETRY;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_USERFAULT;
import static org.jmmu.types.VmFlags.VM_ACCESS_FLAGS;
import static org.jmmu.types.VmFlags.VM_IO;
import static org.jmmu.types.VmFlags.VM_LOCKONFAULT;
import static org.jmmu.types.VmFlags.VM_PFNMAP;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Faults pages in without an access.
 *
 * @kernel mm/gup.c:__mm_populate, faultin_page_range
 */
public final class FaultIn {
  private final PageTables tables;
  private final HandleMmFault handleMmFault;

  public FaultIn(PageTables tables, HandleMmFault handleMmFault) {
    this.tables = tables;
    this.handleMmFault = handleMmFault;
  }

  /**
   * As far as it goes, VMA by VMA: for a mapping that is locked or was asked for with MAP_POPULATE.
   *
   * @kernel mm/gup.c:mm_populate
   */
  public void populate(Mm mm, long start, long end) {
    for (long at = start; at < end; ) {
      mm.mmapLock.readLock();
      try {
        Vma vma = mm.vmas.find(at);
        if (vma == null || vma.vmStartGetOpaque() >= end) {
          return;
        }
        long from = Math.max(at, vma.vmStartGetOpaque());
        long to = Math.min(end, vma.vmEndGetOpaque());
        try {
          at = populateVma(vma, from, to, FAULT_FLAG_ALLOW_RETRY);
        } catch (ErrnoException e) {
          at = to; // nobody waits for the result: the access will tell
        }
      } finally {
        mm.mmapLock.readUnlock();
      }
    }
  }

  /**
   * For mlock: as {@link #populate}, but stops at the first page that cannot be had.
   *
   * @throws ErrnoException EAGAIN without memory, ENOMEM where no page can be
   * @kernel mm/gup.c:__mm_populate, mm/mlock.c:__mlock_posix_error_return
   */
  public void populateLocked(Mm mm, long start, long end) {
    mm.mmapLock.readLock();
    try {
      for (long at = start; at < end; ) {
        Vma vma = mm.vmas.find(at);
        if (vma == null || vma.vmStartGetOpaque() >= end) {
          return;
        }
        long from = Math.max(at, vma.vmStartGetOpaque());
        long to = Math.min(end, vma.vmEndGetOpaque());
        at = populateVma(vma, from, to, FAULT_FLAG_ALLOW_RETRY);
      }
    } catch (ErrnoException e) {
      Errno errno = e.errno() == Errno.ENOMEM ? Errno.EAGAIN : Errno.ENOMEM;
      throw new ErrnoException(errno, "not all pages could be locked");
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /**
   * For MADV_POPULATE_READ and MADV_POPULATE_WRITE.
   *
   * @throws ErrnoException ENOMEM at a hole or without memory, EINVAL where the access is not
   *     allowed, EFAULT behind the end of a file; what lies before is done
   * @kernel mm/madvise.c:madvise_populate
   */
  public void access(Mm mm, long start, long end, boolean write) {
    mm.mmapLock.readLock();
    try {
      getUserPages(mm, start, end, write, FAULT_FLAG_ALLOW_RETRY);
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /**
   * As {@link #access}, for a caller that holds mmap_lock, in either way, and keeps it.
   *
   * @kernel mm/gup.c:get_user_pages
   */
  public void getUserPages(Mm mm, long start, long end, boolean write) {
    getUserPages(mm, start, end, write, 0);
  }

  private void getUserPages(Mm mm, long start, long end, boolean write, int faultFlags) {
    for (long at = start; at < end; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() > at) {
        throw new ErrnoException(Errno.ENOMEM, "nothing mapped at 0x" + Long.toHexString(at));
      }
      long flags = vma.vmFlagsGetOpaque();
      if ((flags & (write ? VM_WRITE : VM_READ)) == 0 || isSpecial(flags)) {
        throw new ErrnoException(Errno.EINVAL, "no access at 0x" + Long.toHexString(at));
      }
      long next = Math.min(end, vma.vmEndGetOpaque());
      at = pages(vma, at, next, write, faultFlags);
    }
  }

  /**
   * As {@link #populate}, for a range within one VMA; the caller holds mmap_lock, and keeps it: a
   * page that a userfaultfd is to bring is not waited for.
   */
  void tryPopulate(Vma vma, long start, long end) {
    try {
      long _ = populateVma(vma, start, end, 0);
    } catch (ErrnoException e) {
      // nobody waits for the result: the access will tell
    }
  }

  /**
   * @return how far it is done, as {@link #pages}
   * @kernel mm/gup.c:populate_vma_page_range
   */
  private long populateVma(Vma vma, long start, long end, int faultFlags) {
    long flags = vma.vmFlagsGetOpaque();
    if ((flags & VM_LOCKONFAULT) != 0) {
      return end;
    }
    if ((flags & VM_ACCESS_FLAGS) == 0 || isSpecial(flags) || Pkeys.isExecuteOnly(vma)) {
      throw new ErrnoException(Errno.EFAULT, "no access at 0x" + Long.toHexString(start));
    }
    // A write breaks copy-on-write now; a shared page would only become dirty for nothing.
    boolean write = (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
    return pages(vma, start, end, write, faultFlags);
  }

  /**
   * @param faultFlags whether mmap_lock(R) may be given up to wait for a userfaultfd
   * @return how far it is done: less than {@code end} if mmap_lock was given up, so that the VMA is
   *     to be looked up again
   * @kernel mm/gup.c:faultin_page
   */
  private long pages(Vma vma, long start, long end, boolean write, int faultFlags) {
    int flags = faultFlags | (write ? FAULT_FLAG_WRITE : 0);
    for (long at = start; at < end; at += PAGE_SIZE) {
      while (!isMapped(vma, at, write)) {
        int reason = handleMmFault.handle(null, vma, at, flags);
        if (reason == VM_FAULT_USERFAULT) {
          awaitUserfault(vma.mm);
          return at;
        }
        if (reason != 0) {
          Errno errno = reason == VM_FAULT_OOM ? Errno.ENOMEM : Errno.EFAULT;
          throw new ErrnoException(errno, "no page at 0x" + Long.toHexString(at));
        }
      }
    }
    return end;
  }

  private void awaitUserfault(Mm mm) {
    mm.mmapLock.readUnlock();
    try {
      handleMmFault.awaitUserfault();
    } finally {
      mm.mmapLock.readLock();
    }
  }

  private boolean isMapped(Vma vma, long vaddr, boolean write) {
    long pteAddr =
        HugePages.isHugetlb(vma)
            ? tables.hugePteOffset(vma.mm, vaddr)
            : tables.pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return false;
    }
    long pteVal = Mem.longGetAcquire(pteAddr);
    return Pte.isPresent(pteVal) && (!write || Pte.isWrite(pteVal));
  }

  private static boolean isSpecial(long flags) {
    return (flags & (VM_IO | VM_PFNMAP)) != 0;
  }
}
