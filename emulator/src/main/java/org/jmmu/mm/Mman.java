package org.jmmu.mm;

import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;

/**
 * Constants of {@code sys/mman.h}, with Linux's values, and the argument checks that its calls
 * share.
 */
public final class Mman {
  public static final int PROT_NONE = 0;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;

  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_FIXED = 0x10;
  public static final int MAP_ANONYMOUS = 0x20;

  /** First address that user space may not map. @kernel TASK_SIZE_MAX */
  public static final long TASK_SIZE = (1L << 47) - PhysMemory.PAGE_SIZE;

  private static final int PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;

  private Mman() {}

  static void checkProt(int prot) {
    if ((prot & ~PROT_ALL) != 0) {
      throw new ErrnoException(Errno.EINVAL, "protection bits 0x" + Integer.toHexString(prot));
    }
  }

  /**
   * @throws ErrnoException EINVAL if {@code vaddr} is not a multiple of the page size
   */
  static void checkAligned(long vaddr) {
    if ((vaddr & ~PhysMemory.PAGE_MASK) != 0) {
      throw new ErrnoException(
          Errno.EINVAL, "0x" + Long.toHexString(vaddr) + " is not page aligned");
    }
  }

  static long pageAlign(long length) {
    return (length + PhysMemory.PAGE_SIZE - 1) & PhysMemory.PAGE_MASK;
  }

  static boolean isUserRange(long start, long length) {
    return Long.compareUnsigned(length, TASK_SIZE) <= 0
        && Long.compareUnsigned(start, TASK_SIZE - length) <= 0;
  }
}
