package org.jmmu.mm;

import static org.jmmu.types.VmFlags.VM_DROPPABLE;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_UFFD_FLAGS;
import static org.jmmu.types.VmFlags.VM_UFFD_MINOR;
import static org.jmmu.types.VmFlags.VM_UFFD_MISSING;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;

import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.uffd.UffdApi;
import org.jmmu.uffd.UserfaultfdCtx;

/**
 * Which ranges a userfaultfd is told of.
 *
 * @kernel mm/userfaultfd.c:userfaultfd_register_range, fs/userfaultfd.c:userfaultfd_register
 */
final class UffdRegister {
  private static final long MODES =
      UffdApi.UFFDIO_REGISTER_MODE_MISSING
          | UffdApi.UFFDIO_REGISTER_MODE_WP
          | UffdApi.UFFDIO_REGISTER_MODE_MINOR;

  private final VmaModify vmaModify;
  private final UffdWriteProtect writeProtect;

  UffdRegister(VmaModify vmaModify, UffdWriteProtect writeProtect) {
    this.vmaModify = vmaModify;
    this.writeProtect = writeProtect;
  }

  /**
   * @param mode UFFDIO_REGISTER_MODE_..., in place of those of an earlier registration that lacks
   *     one of them
   * @throws ErrnoException EINVAL; EBUSY if another userfaultfd has a part of the range; ENOMEM
   */
  void register(UserfaultfdCtx ctx, long start, long length, long mode) {
    if (mode == 0 || (mode & ~MODES) != 0) {
      throw new ErrnoException(Errno.EINVAL, "mode 0x" + Long.toHexString(mode));
    }
    long flags = (mode & UffdApi.UFFDIO_REGISTER_MODE_MISSING) != 0 ? VM_UFFD_MISSING : 0;
    flags |= (mode & UffdApi.UFFDIO_REGISTER_MODE_WP) != 0 ? VM_UFFD_WP : 0;
    flags |= (mode & UffdApi.UFFDIO_REGISTER_MODE_MINOR) != 0 ? VM_UFFD_MINOR : 0;
    UffdRange.check(start, length, ctx.mm);
    ctx.mm.mmapLock.writeLock();
    try {
      checkAll(ctx, start, start + length, flags);
      registerRange(ctx, start, start + length, flags);
    } finally {
      ctx.mm.mmapLock.writeUnlock();
    }
  }

  private static void checkAll(UserfaultfdCtx ctx, long start, long end, long flags) {
    Vma vma = firstVma(ctx.mm, start, end);
    for (; vma != null && vma.vmStartGetOpaque() < end; vma = ctx.mm.vmas.next(vma)) {
      checkCanUserfault(vma, flags);
      if ((vma.vmFlagsGetOpaque() & VM_MAYWRITE) == 0) {
        throw new ErrnoException(Errno.EPERM, "memory that cannot become writable");
      }
      UserfaultfdCtx other = UserfaultfdCtx.of(vma);
      if (other != null && other != ctx) {
        throw new ErrnoException(Errno.EBUSY, "registered with another userfaultfd");
      }
    }
  }

  private static Vma firstVma(Mm mm, long start, long end) {
    Vma vma = mm.vmas.find(start);
    if (vma == null || vma.vmStartGetOpaque() >= end) {
      throw new ErrnoException(Errno.EINVAL, "nothing mapped at 0x" + Long.toHexString(start));
    }
    return vma;
  }

  /**
   * Private anonymous memory only.
   *
   * @kernel mm/userfaultfd.c:vma_can_userfault
   */
  private static void checkCanUserfault(Vma vma, long flags) {
    boolean anonymous = vma.isAnonymous() && (vma.vmFlagsGetOpaque() & VM_DROPPABLE) == 0;
    if (!anonymous || (flags & VM_UFFD_MINOR) != 0) {
      throw new ErrnoException(Errno.EINVAL, "no userfaults of that kind in " + vma);
    }
  }

  private void registerRange(UserfaultfdCtx ctx, long start, long end, long flags) {
    for (long at = start; at < end; ) {
      Vma vma = ctx.mm.vmas.find(at); // anew: a change may have merged it
      if (vma == null || vma.vmStartGetOpaque() >= end) {
        return;
      }
      long from = Math.max(at, vma.vmStartGetOpaque());
      long to = Math.min(end, vma.vmEndGetOpaque());
      long old = vma.vmFlagsGetOpaque();
      if (UserfaultfdCtx.of(vma) != ctx || (old & flags) != flags) {
        Vma _ = vmaModify.modifyFlagsUffd(vma, from, to, (old & ~VM_UFFD_FLAGS) | flags, ctx);
      }
      at = to;
    }
  }

  /**
   * @throws ErrnoException EINVAL; ENOMEM
   * @kernel fs/userfaultfd.c:userfaultfd_unregister
   */
  void unregister(UserfaultfdCtx ctx, long start, long length) {
    UffdRange.check(start, length, ctx.mm);
    ctx.mm.mmapLock.writeLock();
    try {
      long end = start + length;
      Vma vma = firstVma(ctx.mm, start, end);
      for (; vma != null && vma.vmStartGetOpaque() < end; vma = ctx.mm.vmas.next(vma)) {
        checkCanUserfault(vma, 0);
        UserfaultfdCtx other = UserfaultfdCtx.of(vma);
        if (other != null && other != ctx) {
          throw new ErrnoException(Errno.EINVAL, "registered with another userfaultfd");
        }
      }
      clear(ctx, start, end);
    } finally {
      ctx.mm.mmapLock.writeUnlock();
    }
  }

  /**
   * Nothing is registered with {@code ctx} any more.
   *
   * @kernel mm/userfaultfd.c:userfaultfd_release_all
   */
  void releaseAll(UserfaultfdCtx ctx) {
    Mm mm = ctx.mm;
    if (!mm.getUnlessZero()) {
      return; // its VMAs are gone
    }
    mm.mmapLock.writeLock();
    try {
      clear(ctx, 0, Mman.TASK_SIZE);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private void clear(UserfaultfdCtx ctx, long start, long end) {
    for (long at = start; at < end; ) {
      Vma vma = ctx.mm.vmas.find(at); // anew: a change may have merged it
      if (vma == null || vma.vmStartGetOpaque() >= end) {
        return;
      }
      long from = Math.max(at, vma.vmStartGetOpaque());
      long to = Math.min(end, vma.vmEndGetOpaque());
      if (UserfaultfdCtx.of(vma) == ctx) {
        clearVma(ctx, vma, from, to);
      }
      at = to;
    }
  }

  /**
   * @kernel mm/userfaultfd.c:userfaultfd_clear_vma
   */
  private void clearVma(UserfaultfdCtx ctx, Vma vma, long start, long end) {
    long flags = vma.vmFlagsGetOpaque();
    if ((flags & VM_UFFD_MISSING) != 0) {
      ctx.wake(start, end - start);
    }
    if ((flags & VM_UFFD_WP) != 0) {
      writeProtect.range(vma, start, end, UffdWriteProtect.Change.RESOLVE);
    }
    Vma _ = vmaModify.modifyFlagsUffd(vma, start, end, flags & ~VM_UFFD_FLAGS, null);
  }
}
