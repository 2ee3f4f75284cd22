package org.jmmu.mm;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/** Ranges of addresses in arguments of userfaultfd's ioctls. */
final class UffdRange {
  private UffdRange() {}

  /**
   * @throws ErrnoException EINVAL
   * @kernel fs/userfaultfd.c:validate_range
   */
  static void check(long start, long length, Mm mm) {
    Mman.checkAligned(start);
    checkUnaligned(start, length, mm);
  }

  /**
   * @throws ErrnoException EINVAL
   * @kernel fs/userfaultfd.c:validate_unaligned_range
   */
  static void checkUnaligned(long start, long length, Mm mm) {
    Mman.checkAligned(length);
    if (length == 0
        || Long.compareUnsigned(start, mm.sysctl.mmapMinAddr) < 0
        || Long.compareUnsigned(start, Mman.TASK_SIZE) >= 0
        || Long.compareUnsigned(length, Mman.TASK_SIZE - start) > 0) {
      throw new ErrnoException(Errno.EINVAL, "no range of user addresses");
    }
  }
}
