package org.jmmu.mm;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Protection keys of an address space: key 0 is everybody's, 1 to 15 are given out, one of them to
 * memory that can be executed and not read. On CPUs without keys there is key 0 alone.
 *
 * @kernel arch/x86/include/asm/pkeys.h, arch/x86/mm/pkeys.c
 */
public final class Pkeys {
  public static final int NR_PKEYS = 16;

  /** PKRU of a thread that did not write it: no access but with key 0. */
  public static final int INIT_PKRU = 0x5555_5554;

  private static final int DEFAULT_PKEY = 0;
  private static final int ACCESS_MASK = Mman.PKEY_DISABLE_ACCESS | Mman.PKEY_DISABLE_WRITE;

  private Pkeys() {}

  /**
   * Gives a key out. Its rights are the caller's to set in the PKRU register of its CPU.
   *
   * @throws ErrnoException EINVAL for bad arguments, ENOSPC if none is left
   * @kernel mm/mprotect.c:pkey_alloc
   */
  public static int alloc(Mm mm, int flags, int accessRights) {
    if (flags != 0 || (accessRights & ~ACCESS_MASK) != 0) {
      throw new ErrnoException(Errno.EINVAL, "pkey_alloc");
    }
    mm.mmapLock.writeLock();
    try {
      int pkey = allocLocked(mm);
      if (pkey == DEFAULT_PKEY) {
        throw new ErrnoException(Errno.ENOSPC, "no protection key is left");
      }
      return pkey;
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  /**
   * @throws ErrnoException EINVAL if the key is not given out
   * @kernel mm/mprotect.c:pkey_free
   */
  public static void free(Mm mm, int pkey) {
    mm.mmapLock.writeLock();
    try {
      if (!isAllocated(mm, pkey)) {
        throw new ErrnoException(Errno.EINVAL, "protection key " + pkey + " is not allocated");
      }
      mm.pkeyAllocationMap &= ~(1 << pkey);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  /** Whether the user was given the key, or it is everybody's. */
  static boolean isAllocated(Mm mm, int pkey) {
    return pkey >= 0
        && pkey < NR_PKEYS
        && pkey != mm.executeOnlyPkey
        && (mm.pkeyAllocationMap >>> pkey & 1) != 0;
  }

  /**
   * The flags with the key of a new mapping.
   *
   * @kernel mm/mmap.c:do_mmap
   */
  static long ofNewMapping(Mm mm, int prot, long vmFlags) {
    return prot == Mman.PROT_EXEC ? withPkey(vmFlags, executeOnly(mm)) : vmFlags;
  }

  /**
   * The flags with the key that mprotect leaves a VMA with: one that could only be executed loses
   * its key when something else may be done with it.
   *
   * @kernel arch/x86/mm/pkeys.c:__arch_override_mprotect_pkey
   */
  static long ofProtected(Vma vma, int prot, long vmFlags) {
    if (prot == Mman.PROT_EXEC) {
      int pkey = executeOnly(vma.mm);
      return pkey == DEFAULT_PKEY ? vmFlags : withPkey(vmFlags, pkey);
    }
    long access = vma.vmFlagsGetOpaque() & VmFlags.VM_ACCESS_FLAGS;
    return access == VmFlags.VM_EXEC && isExecuteOnly(vma)
        ? withPkey(vmFlags, DEFAULT_PKEY)
        : vmFlags;
  }

  /** Whether the pages have the key that permits nobody to read them. */
  static boolean isExecuteOnly(Vma vma) {
    long pkey = (vma.vmFlagsGetOpaque() & VmFlags.VM_PKEY) >>> VmFlags.VM_PKEY_SHIFT;
    return pkey == vma.mm.executeOnlyPkey;
  }

  static long withPkey(long vmFlags, int pkey) {
    return (vmFlags & ~VmFlags.VM_PKEY) | ((long) pkey << VmFlags.VM_PKEY_SHIFT);
  }

  /**
   * The key of memory that can only be executed; {@link #DEFAULT_PKEY} if none can be had. Linux
   * also takes the right to read away from the calling thread: it never had it unless it wrote to
   * PKRU, which is the CPU's here.
   *
   * @kernel arch/x86/mm/pkeys.c:__execute_only_pkey
   */
  private static int executeOnly(Mm mm) {
    if (mm.executeOnlyPkey < 0) {
      int pkey = allocLocked(mm);
      if (pkey == DEFAULT_PKEY) {
        return DEFAULT_PKEY;
      }
      mm.executeOnlyPkey = pkey;
    }
    return mm.executeOnlyPkey;
  }

  private static int allocLocked(Mm mm) {
    int pkey = Integer.numberOfTrailingZeros(~mm.pkeyAllocationMap);
    if (pkey >= mm.nrPkeys) {
      return DEFAULT_PKEY;
    }
    mm.pkeyAllocationMap |= 1 << pkey;
    return pkey;
  }
}
