package org.jmmu.mm;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Protection keys of an address space: key 0 is everybody's, 1 to 15 are given out.
 *
 * @kernel arch/x86/include/asm/pkeys.h
 */
public final class Pkeys {
  private static final int NR_PKEYS = 16;
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
      int pkey = Integer.numberOfTrailingZeros(~mm.pkeyAllocationMap);
      if (pkey >= NR_PKEYS) {
        throw new ErrnoException(Errno.ENOSPC, "no protection key is left");
      }
      mm.pkeyAllocationMap |= 1 << pkey;
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

  static boolean isAllocated(Mm mm, int pkey) {
    return pkey >= 0 && pkey < NR_PKEYS && (mm.pkeyAllocationMap >>> pkey & 1) != 0;
  }
}
