package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Changes the protection of a range, splitting and merging VMAs on the way.
 *
 * @kernel mm/mprotect.c:do_mprotect_pkey, mprotect_fixup, change_pte_range
 */
public final class Mprotect {
  /** Value of {@code pkey} for mprotect: keys stay. */
  public static final int NO_PKEY = -1;

  private static final int PROT_ALL =
      Mman.PROT_READ | Mman.PROT_WRITE | Mman.PROT_EXEC | Mman.PROT_SEM;

  /** Of these bits, what is locked and private, and could not be written to, has the first only. */
  private static final long LOCKED_READ_ONLY =
      VmFlags.VM_LOCKED | VmFlags.VM_WRITE | VmFlags.VM_SHARED;

  /** What is charged already, or need not be. */
  private static final long NEVER_CHARGED_NOW =
      VmFlags.VM_ACCOUNT
          | VmFlags.VM_WRITE
          | VmFlags.VM_HUGETLB
          | VmFlags.VM_SHARED
          | VmFlags.VM_NORESERVE;

  /** From VM_READ to VM_MAYREAD, and so on. */
  private static final int MAY_SHIFT = 4;

  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final VmaModify vmaModify;
  private final Accounting accounting;
  private final FaultIn faultIn;
  private final Hugetlb hugetlb;

  public Mprotect(
      PageTables tables,
      TlbFlush tlbFlush,
      VmaModify vmaModify,
      Accounting accounting,
      FaultIn faultIn,
      Hugetlb hugetlb) {
    this.hugetlb = hugetlb;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.vmaModify = vmaModify;
    this.accounting = accounting;
    this.faultIn = faultIn;
  }

  /**
   * @param prot PROT_..., PROT_GROWSDOWN for all of a stack below {@code vaddr} as well
   * @param pkey protection key for the range, or {@link #NO_PKEY}
   * @throws ErrnoException as pkey_mprotect(2). ENOMEM at a hole, and EACCES at a VMA that does not
   *     permit it, come after what lies before it was changed
   */
  public void mprotect(Mm mm, long vaddr, long length, int prot, int pkey) {
    int grows = prot & (Mman.PROT_GROWSDOWN | Mman.PROT_GROWSUP);
    int access = prot & ~grows;
    if (grows == (Mman.PROT_GROWSDOWN | Mman.PROT_GROWSUP)) {
      throw new ErrnoException(Errno.EINVAL, "PROT_GROWSDOWN and PROT_GROWSUP");
    }
    Mman.checkAligned(vaddr);
    if (length == 0) {
      return;
    }
    long end = vaddr + Mman.pageAlign(length);
    if (Long.compareUnsigned(end, vaddr) <= 0) {
      throw new ErrnoException(Errno.ENOMEM, "mprotect beyond the address space");
    }
    if ((access & ~PROT_ALL) != 0) {
      throw new ErrnoException(Errno.EINVAL, "protection bits 0x" + Integer.toHexString(access));
    }
    mm.mmapLock.writeLock();
    try {
      if (pkey != NO_PKEY && !Pkeys.isAllocated(mm, pkey)) {
        throw new ErrnoException(Errno.EINVAL, "protection key " + pkey + " is not allocated");
      }
      protectLocked(mm, firstAddress(mm, vaddr, end, grows), end, access, pkey);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private static long firstAddress(Mm mm, long start, long end, int grows) {
    Vma vma = mm.vmas.find(start);
    if (vma == null || Long.compareUnsigned(vma.vmStartGetOpaque(), end) >= 0) {
      throw nothingMapped(start);
    }
    if ((grows & Mman.PROT_GROWSDOWN) != 0) {
      if ((vma.vmFlagsGetOpaque() & VmFlags.VM_GROWSDOWN) == 0) {
        throw new ErrnoException(Errno.EINVAL, "PROT_GROWSDOWN of what is no stack");
      }
      return vma.vmStartGetOpaque();
    }
    if (vma.vmStartGetOpaque() > start) {
      throw nothingMapped(start);
    }
    if (grows != 0) {
      throw new ErrnoException(Errno.EINVAL, "nothing grows up here");
    }
    return start;
  }

  private void protectLocked(Mm mm, long start, long end, int prot, int pkey) {
    long at = start;
    while (Long.compareUnsigned(at, end) < 0) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() > at) {
        throw nothingMapped(at);
      }
      long vmaEnd = Math.min(end, vma.vmEndGetOpaque());
      if (end < 0) {
        vmaEnd = vma.vmEndGetOpaque(); // an end in kernel space is behind every VMA
      }
      long old = vma.vmFlagsGetOpaque();
      long flags = (old & ~VmFlags.VM_ACCESS_FLAGS) | (prot & VmFlags.VM_ACCESS_FLAGS);
      flags = pkey != NO_PKEY ? Pkeys.withPkey(flags, pkey) : Pkeys.ofProtected(vma, prot, flags);
      if ((flags & ~(flags >> MAY_SHIFT) & VmFlags.VM_ACCESS_FLAGS) != 0) {
        throw new ErrnoException(Errno.EACCES, "the mapping does not permit that");
      }
      fixup(vma, at, vmaEnd, flags);
      at = vmaEnd;
    }
  }

  private void fixup(Vma vma, long start, long end, long wanted) {
    long old = vma.vmFlagsGetOpaque();
    if (wanted == old) {
      return;
    }
    Mm mm = vma.mm;
    long nrPages = (end - start) >> PAGE_SHIFT;
    long flags = wanted;
    long charged = 0;
    if ((flags & VmFlags.VM_WRITE) != 0) {
      if (!accounting.mayExpandVm(mm, flags, nrPages) && accounting.mayExpandVm(mm, old, nrPages)) {
        throw new ErrnoException(Errno.ENOMEM, "RLIMIT_DATA");
      }
      if ((old & NEVER_CHARGED_NOW) == 0) {
        accounting.vmEnoughMemory(mm, nrPages);
        charged = nrPages;
        flags |= VmFlags.VM_ACCOUNT;
      }
    } else if ((old & VmFlags.VM_ACCOUNT) != 0
        && vma.isAnonymous()
        && vma.anonVmaGetAcquire() == null) {
      flags &= ~VmFlags.VM_ACCOUNT; // nothing was written yet: there is nothing to back
    }
    Vma whole;
    try {
      // Before the entries change: a fault or a migration that comes later uses the new flags.
      whole = vmaModify.modifyFlags(vma, start, end, flags);
    } catch (ErrnoException e) {
      accounting.vmUnacctMemory(charged);
      throw e;
    }
    if (HugePages.isHugetlb(whole)) {
      hugetlb.range.changeProtection(mm, start, end, flags);
    } else {
      changeProtection(mm, start, end, flags);
    }
    if ((old & LOCKED_READ_ONLY) == VmFlags.VM_LOCKED && (flags & VmFlags.VM_WRITE) != 0) {
      faultIn.tryPopulate(whole, start, end); // no write to locked memory shall have to wait
    }
    if ((old & VmFlags.VM_ACCOUNT) != 0 && (flags & VmFlags.VM_ACCOUNT) == 0) {
      accounting.vmUnacctMemory(nrPages);
    }
    accounting.vmStatAccount(mm, old, -nrPages);
    accounting.vmStatAccount(mm, flags, nrPages);
  }

  private static ErrnoException nothingMapped(long vaddr) {
    return new ErrnoException(Errno.ENOMEM, "nothing mapped at 0x" + Long.toHexString(vaddr));
  }

  private void changeProtection(Mm mm, long start, long end, long vmFlags) {
    boolean changed = false;
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pteAddr = tables.pteOffset(mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        changed |= changeEntries(pteAddr, (next - at) / PAGE_SIZE, vmFlags);
        tables.unlock(pteAddr);
      }
      at = next;
    }
    if (changed) {
      tlbFlush.range(mm, start, end);
    }
  }

  /** Whether a present entry changed, so that TLBs may hold the old protection. */
  private static boolean changeEntries(long firstPteAddr, long nr, long vmFlags) {
    long prot = Pte.prot(vmFlags);
    boolean shared = (vmFlags & VmFlags.VM_SHARED) != 0; // its writable pages are those of a file
    boolean changed = false;
    for (long pteAddr = firstPteAddr; pteAddr < firstPteAddr + nr * Long.BYTES; pteAddr += 8) {
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (pteVal == 0) {
        continue;
      }
      if (Pte.isPresent(pteVal)) {
        // Take the word out first: hardware may be setting A or D in it.
        long old = Mem.longXchg(pteAddr, 0);
        Mem.longSetRelease(pteAddr, Pte.modify(old, prot));
        changed = true;
      } else if (MigrationEntry.isMigrationEntry(pteVal) && MigrationEntry.isWritable(pteVal)) {
        Mem.longSetRelease(
            pteAddr,
            shared
                ? MigrationEntry.toReadable(pteVal)
                : MigrationEntry.toReadableExclusive(pteVal));
      }
    }
    return changed;
  }
}
