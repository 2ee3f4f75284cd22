package org.jmmu.mm;

import static org.jmmu.uffd.UffdApi.UFFDIO_COPY_MODE_DONTWAKE;
import static org.jmmu.uffd.UffdApi.UFFDIO_COPY_MODE_WP;
import static org.jmmu.uffd.UffdApi.UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
import static org.jmmu.uffd.UffdApi.UFFDIO_MOVE_MODE_DONTWAKE;
import static org.jmmu.uffd.UffdApi.UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
import static org.jmmu.uffd.UffdApi.UFFDIO_WRITEPROTECT_MODE_WP;
import static org.jmmu.uffd.UffdApi.UFFDIO_ZEROPAGE_MODE_DONTWAKE;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.uffd.UffdApi;
import org.jmmu.uffd.UserfaultfdCtx;

/**
 * userfaultfd(2) and its ioctls: checks the arguments, does the work, wakes those who waited for
 * it.
 *
 * @kernel fs/userfaultfd.c:userfaultfd_ioctl
 */
public final class Userfaultfd {
  private static final int FLAGS =
      UffdApi.UFFD_USER_MODE_ONLY | UffdApi.O_NONBLOCK | UffdApi.O_CLOEXEC;

  private final UffdRegister register;
  private final UffdWriteProtect writeProtect;
  private final Mfill mfill;
  private final UffdMove move;

  public Userfaultfd(
      Frames frames,
      VmaModify vmaModify,
      AnonVmas anonVmas,
      FaultIn faultIn,
      HandleMmFault handleMmFault,
      UffdMoveProtocol moveProtocol,
      UffdMoveProtocol.Parts moveParts,
      UffdMoveSwapProtocol swapProtocol,
      UffdMoveSwapProtocol.Parts swapParts,
      long zeroPfn) {
    PageTables tables = moveParts.tables();
    this.writeProtect = new UffdWriteProtect(tables, moveParts.tlbFlush());
    this.register = new UffdRegister(vmaModify, writeProtect);
    this.mfill =
        new Mfill(
            moveParts.phys(), frames, tables, anonVmas, moveParts.pageRmap(), faultIn, zeroPfn);
    this.move =
        new UffdMove(
            frames,
            anonVmas,
            handleMmFault,
            moveProtocol,
            moveParts,
            swapProtocol,
            swapParts,
            zeroPfn);
  }

  /**
   * @throws ErrnoException EINVAL
   */
  public UserfaultfdCtx create(Mm mm, int flags) {
    if ((flags & ~FLAGS) != 0) {
      throw new ErrnoException(Errno.EINVAL, "flags 0x" + Integer.toHexString(flags));
    }
    return new UserfaultfdCtx(mm, flags);
  }

  /**
   * @throws ErrnoException EINVAL, EPERM, EBUSY, ENOMEM
   */
  public void register(UserfaultfdCtx ctx, long start, long length, long mode) {
    checkInitialized(ctx);
    register.register(ctx, start, length, mode);
  }

  /**
   * @throws ErrnoException EINVAL, ENOMEM
   */
  public void unregister(UserfaultfdCtx ctx, long start, long length) {
    checkInitialized(ctx);
    register.unregister(ctx, start, length);
  }

  /**
   * @throws ErrnoException EINVAL
   */
  public void wake(UserfaultfdCtx ctx, long start, long length) {
    checkInitialized(ctx);
    UffdRange.check(start, length, ctx.mm);
    ctx.wake(start, length);
  }

  /**
   * @return bytes copied; Linux says EAGAIN as well if they are less than {@code length}
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, EFAULT, ENOMEM, with nothing copied
   */
  public long copy(UserfaultfdCtx ctx, long dst, long src, long length, long mode) {
    checkInitialized(ctx);
    UffdRange.checkUnaligned(src, length, ctx.mm);
    UffdRange.check(dst, length, ctx.mm);
    checkMode(mode, UFFDIO_COPY_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP);
    long done = mfill.copy(ctx, dst, src, length, (mode & UFFDIO_COPY_MODE_WP) != 0);
    return wake(ctx, dst, done, mode, UFFDIO_COPY_MODE_DONTWAKE);
  }

  /**
   * @return as {@link #copy}
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, ENOMEM, with nothing done
   */
  public long zeropage(UserfaultfdCtx ctx, long start, long length, long mode) {
    checkInitialized(ctx);
    UffdRange.check(start, length, ctx.mm);
    checkMode(mode, UFFDIO_ZEROPAGE_MODE_DONTWAKE);
    long done = mfill.zeropage(ctx, start, length);
    return wake(ctx, start, done, mode, UFFDIO_ZEROPAGE_MODE_DONTWAKE);
  }

  /**
   * @throws ErrnoException EINVAL, ENOENT
   */
  public void writeprotect(UserfaultfdCtx ctx, long start, long length, long mode) {
    checkInitialized(ctx);
    UffdRange.check(start, length, ctx.mm);
    checkMode(mode, UFFDIO_WRITEPROTECT_MODE_DONTWAKE | UFFDIO_WRITEPROTECT_MODE_WP);
    boolean protect = (mode & UFFDIO_WRITEPROTECT_MODE_WP) != 0;
    boolean dontWake = (mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE) != 0;
    if (protect && dontWake) {
      throw new ErrnoException(Errno.EINVAL, "protecting wakes nobody");
    }
    writeProtect.writeProtect(
        ctx,
        start,
        length,
        protect ? UffdWriteProtect.Change.PROTECT : UffdWriteProtect.Change.RESOLVE);
    if (!protect && !dontWake) {
      ctx.wake(start, length);
    }
  }

  /**
   * @return as {@link #copy}
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, EBUSY, ENOMEM, with nothing moved
   */
  public long move(UserfaultfdCtx ctx, long dst, long src, long length, long mode) {
    checkInitialized(ctx);
    UffdRange.check(dst, length, ctx.mm);
    UffdRange.check(src, length, ctx.mm);
    checkMode(mode, UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
    boolean srcHoles = (mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES) != 0;
    long done = move.move(ctx, dst, src, length, srcHoles);
    return wake(ctx, dst, done, mode, UFFDIO_MOVE_MODE_DONTWAKE);
  }

  /** The last descriptor is gone: nothing is registered any more, and nobody waits. */
  public void release(UserfaultfdCtx ctx) {
    ctx.release();
    register.releaseAll(ctx);
    ctx.wakeAll();
  }

  private static long wake(UserfaultfdCtx ctx, long start, long done, long mode, long dontWake) {
    if ((mode & dontWake) == 0) {
      ctx.wake(start, done);
    }
    return done;
  }

  private static void checkInitialized(UserfaultfdCtx ctx) {
    if (!ctx.isInitialized()) {
      throw new ErrnoException(Errno.EINVAL, "no handshake was made yet");
    }
  }

  private static void checkMode(long mode, long known) {
    if ((mode & ~known) != 0) {
      throw new ErrnoException(Errno.EINVAL, "mode 0x" + Long.toHexString(mode));
    }
  }
}
