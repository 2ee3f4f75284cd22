package org.jmmu.sys;

import org.jmmu.types.ErrnoException;
import org.jmmu.uffd.UffdApi;
import org.jmmu.uffd.UffdMsg;
import org.jmmu.uffd.UserfaultfdCtx;

/**
 * A descriptor of userfaultfd, with its ioctls. Constants: {@link UffdApi}. It may be used by many
 * threads at once; it is on its own, and not in the process's table of descriptors.
 */
public final class UserfaultFd implements AutoCloseable {
  private final Kernel kernel;
  private final UserfaultfdCtx ctx;

  UserfaultFd(Kernel kernel, UserfaultfdCtx ctx) {
    this.kernel = kernel;
    this.ctx = ctx;
  }

  /**
   * UFFDIO_API, before anything else.
   *
   * @return UFFD_FEATURE_... that there are
   * @throws ErrnoException EINVAL
   */
  public long api(long api, long features) {
    return ctx.api(api, features);
  }

  /** {@link #api(long, long)} of the one version that there is. */
  public long api(long features) {
    return api(UffdApi.UFFD_API, features);
  }

  /**
   * UFFDIO_REGISTER.
   *
   * @param mode UFFDIO_REGISTER_MODE_...
   * @throws ErrnoException EINVAL, EPERM, EBUSY, ENOMEM
   */
  public void register(long start, long length, long mode) {
    kernel.userfaultfd.register(ctx, start, length, mode);
  }

  /**
   * UFFDIO_UNREGISTER.
   *
   * @throws ErrnoException EINVAL, ENOMEM
   */
  public void unregister(long start, long length) {
    kernel.userfaultfd.unregister(ctx, start, length);
  }

  /**
   * UFFDIO_WAKE.
   *
   * @throws ErrnoException EINVAL
   */
  public void wake(long start, long length) {
    kernel.userfaultfd.wake(ctx, start, length);
  }

  /**
   * UFFDIO_COPY.
   *
   * @return bytes copied; if they are less than {@code length}, Linux returns EAGAIN as well
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, EFAULT, ENOMEM; nothing was copied then
   */
  public long copy(long dst, long src, long length, long mode) {
    return kernel.userfaultfd.copy(ctx, dst, src, length, mode);
  }

  /**
   * UFFDIO_ZEROPAGE.
   *
   * @return as {@link #copy}
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, ENOMEM; nothing was done then
   */
  public long zeropage(long start, long length, long mode) {
    return kernel.userfaultfd.zeropage(ctx, start, length, mode);
  }

  /**
   * UFFDIO_WRITEPROTECT.
   *
   * @throws ErrnoException EINVAL, ENOENT
   */
  public void writeprotect(long start, long length, long mode) {
    kernel.userfaultfd.writeprotect(ctx, start, length, mode);
  }

  /**
   * UFFDIO_MOVE.
   *
   * @return as {@link #copy}
   * @throws ErrnoException EINVAL, ENOENT, EEXIST, EBUSY, ENOMEM; nothing was moved then
   */
  public long move(long dst, long src, long length, long mode) {
    return kernel.userfaultfd.move(ctx, dst, src, length, mode);
  }

  /**
   * The oldest fault that was not read yet; waits for one, unless it was opened with O_NONBLOCK.
   *
   * @throws ErrnoException EAGAIN; EINVAL before the handshake; EBADF once it is closed
   */
  public UffdMsg read() {
    return ctx.read();
  }

  /** POLLIN if a fault can be read, else 0; POLLERR without O_NONBLOCK. */
  public int poll() {
    return ctx.poll();
  }

  /** Nothing is registered any more, and everybody who waits for a page tries again. */
  @Override
  public void close() {
    kernel.userfaultfd.release(ctx);
  }
}
