package org.jmmu.mm;

import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Constants of {@code sys/mman.h}, with Linux's values, and the argument checks that its calls
 * share.
 */
public final class Mman {
  /** move_pages: pages of this process alone. @kernel include/uapi/linux/mempolicy.h */
  public static final int MPOL_MF_MOVE = 1 << 1;

  /** move_pages: pages that others map, too. */
  public static final int MPOL_MF_MOVE_ALL = 1 << 2;

  public static final int PROT_NONE = 0;
  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int PROT_EXEC = 4;
  public static final int PROT_SEM = 8;
  public static final int PROT_GROWSDOWN = 0x0100_0000;
  public static final int PROT_GROWSUP = 0x0200_0000;

  public static final int MAP_SHARED = 0x01;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_SHARED_VALIDATE = 0x03;
  public static final int MAP_DROPPABLE = 0x08;
  public static final int MAP_TYPE = 0x0f;
  public static final int MAP_FIXED = 0x10;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_32BIT = 0x40;
  public static final int MAP_ABOVE4G = 0x80;
  public static final int MAP_GROWSDOWN = 0x0100;
  public static final int MAP_DENYWRITE = 0x0800;
  public static final int MAP_EXECUTABLE = 0x1000;
  public static final int MAP_LOCKED = 0x2000;
  public static final int MAP_NORESERVE = 0x4000;
  public static final int MAP_POPULATE = 0x8000;
  public static final int MAP_NONBLOCK = 0x1_0000;
  public static final int MAP_STACK = 0x2_0000;
  public static final int MAP_HUGETLB = 0x4_0000;
  public static final int MAP_SYNC = 0x8_0000;
  public static final int MAP_FIXED_NOREPLACE = 0x10_0000;

  public static final int MREMAP_MAYMOVE = 1;
  public static final int MREMAP_FIXED = 2;
  public static final int MREMAP_DONTUNMAP = 4;

  public static final int MADV_NORMAL = 0;
  public static final int MADV_RANDOM = 1;
  public static final int MADV_SEQUENTIAL = 2;
  public static final int MADV_WILLNEED = 3;
  public static final int MADV_DONTNEED = 4;
  public static final int MADV_FREE = 8;
  public static final int MADV_REMOVE = 9;
  public static final int MADV_DONTFORK = 10;
  public static final int MADV_DOFORK = 11;
  public static final int MADV_MERGEABLE = 12;
  public static final int MADV_UNMERGEABLE = 13;
  public static final int MADV_HUGEPAGE = 14;
  public static final int MADV_NOHUGEPAGE = 15;
  public static final int MADV_DONTDUMP = 16;
  public static final int MADV_DODUMP = 17;
  public static final int MADV_WIPEONFORK = 18;
  public static final int MADV_KEEPONFORK = 19;
  public static final int MADV_COLD = 20;
  public static final int MADV_PAGEOUT = 21;
  public static final int MADV_POPULATE_READ = 22;
  public static final int MADV_POPULATE_WRITE = 23;
  public static final int MADV_DONTNEED_LOCKED = 24;
  public static final int MADV_COLLAPSE = 25;

  public static final int MLOCK_ONFAULT = 1;
  public static final int MCL_CURRENT = 1;
  public static final int MCL_FUTURE = 2;
  public static final int MCL_ONFAULT = 4;

  public static final int MS_ASYNC = 1;
  public static final int MS_INVALIDATE = 2;
  public static final int MS_SYNC = 4;

  public static final int PKEY_DISABLE_ACCESS = 1;
  public static final int PKEY_DISABLE_WRITE = 2;

  public static final int MFD_CLOEXEC = 1;
  public static final int MFD_ALLOW_SEALING = 2;
  public static final int MFD_HUGETLB = 4;

  public static final int FALLOC_FL_KEEP_SIZE = 1;
  public static final int FALLOC_FL_PUNCH_HOLE = 2;
  public static final int FALLOC_FL_ZERO_RANGE = 0x10;

  /** First address that user space may not map. @kernel TASK_SIZE_MAX */
  public static final long TASK_SIZE = (1L << 47) - PhysMemory.PAGE_SIZE;

  private Mman() {}

  /**
   * @throws ErrnoException EINVAL if {@code vaddr} is not a multiple of the page size
   */
  static void checkAligned(long vaddr) {
    if ((vaddr & ~PhysMemory.PAGE_MASK) != 0) {
      throw new ErrnoException(
          Errno.EINVAL, "0x" + Long.toHexString(vaddr) + " is not page aligned");
    }
  }

  /**
   * The VMA that covers {@code vaddr}; the caller holds mmap_lock.
   *
   * @throws ErrnoException EFAULT if there is none
   */
  static Vma vmaAt(Mm mm, long vaddr) {
    Vma vma = mm.vmas.find(vaddr);
    if (vma == null || vma.vmStartGetOpaque() > vaddr) {
      throw new ErrnoException(Errno.EFAULT, "nothing mapped at 0x" + Long.toHexString(vaddr));
    }
    return vma;
  }

  public static long pageAlign(long length) {
    return (length + PhysMemory.PAGE_SIZE - 1) & PhysMemory.PAGE_MASK;
  }

  /**
   * An end of a range that is walked for VMAs: those above user space, where none can be, all as
   * one, so that ends compare as signed numbers.
   */
  static long clampEnd(long end) {
    long limit = TASK_SIZE + PhysMemory.PAGE_SIZE;
    return Long.compareUnsigned(end, limit) < 0 ? end : limit;
  }

  /** The start of such a range. */
  static long clampStart(long start) {
    return Long.compareUnsigned(start, TASK_SIZE) < 0 ? start : TASK_SIZE;
  }

  static boolean isUserRange(long start, long length) {
    return Long.compareUnsigned(length, TASK_SIZE) <= 0
        && Long.compareUnsigned(start, TASK_SIZE - length) <= 0;
  }
}
