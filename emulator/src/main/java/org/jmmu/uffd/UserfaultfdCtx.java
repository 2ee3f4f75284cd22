package org.jmmu.uffd;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jmmu.lock.Completion;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.VmUserfaultfdCtx;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * What a descriptor of userfaultfd stands for: the faults that wait, and those who wait for faults.
 *
 * @kernel fs/userfaultfd.c:struct userfaultfd_ctx
 */
public final class UserfaultfdCtx implements VmUserfaultfdCtx {
  private static final long INITIALIZED = 1L << 63; // UFFD_FEATURE_INITIALIZED, of the kernel's own

  /** Whose faults it gets; immutable. */
  public final Mm mm;

  private final int flags; // of userfaultfd(2); immutable
  private volatile long features; // 0 until UFFDIO_API
  private volatile boolean released;

  private final Deque<UserfaultWait> pending = new ArrayDeque<>(); // not read yet; guarded by this
  private final List<UserfaultWait> waiting = new ArrayList<>(); // read; guarded by this
  private final Deque<Completion> readers = new ArrayDeque<>(); // guarded by this

  public UserfaultfdCtx(Mm mm, int flags) {
    this.mm = mm;
    this.flags = flags;
  }

  /** The context that a VMA is registered with. */
  public static @Nullable UserfaultfdCtx of(Vma vma) {
    return (UserfaultfdCtx) vma.userfaultfdCtxGetOpaque();
  }

  public boolean isInitialized() {
    return features != 0;
  }

  public boolean has(long feature) {
    return (features & feature) != 0;
  }

  /** Whether faults of the kernel itself are none of its business. */
  boolean isUserModeOnly() {
    return (flags & UffdApi.UFFD_USER_MODE_ONLY) != 0;
  }

  boolean isReleased() {
    return released;
  }

  /**
   * UFFDIO_API: a handshake, once.
   *
   * @return the features that there are
   * @throws ErrnoException EINVAL
   * @kernel fs/userfaultfd.c:userfaultfd_api
   */
  public synchronized long api(long api, long features) {
    if (api != UffdApi.UFFD_API || (features & ~UffdApi.UFFD_API_FEATURES) != 0) {
      throw new ErrnoException(Errno.EINVAL, "features 0x" + Long.toHexString(features));
    }
    if (isInitialized()) {
      throw new ErrnoException(Errno.EINVAL, "the handshake was made already");
    }
    this.features = features | INITIALIZED;
    return UffdApi.UFFD_API_FEATURES;
  }

  /** From here on a handler can read the fault, and a wake-up finds it. */
  synchronized void queue(UserfaultWait fault) {
    pending.addLast(fault);
    Completion reader = readers.pollFirst();
    if (reader != null) {
      reader.complete();
    }
  }

  /** The fault waits no more. */
  synchronized void remove(UserfaultWait fault) {
    pending.remove(fault);
    waiting.remove(fault);
  }

  /**
   * The oldest fault that was not read yet.
   *
   * @throws ErrnoException EAGAIN if there is none, and reads do not wait
   * @kernel fs/userfaultfd.c:userfaultfd_ctx_read
   */
  public UffdMsg read() {
    while (true) {
      Completion reader;
      synchronized (this) {
        if (!isInitialized()) {
          throw new ErrnoException(Errno.EINVAL, "no handshake was made yet");
        }
        UserfaultWait fault = pending.pollFirst();
        if (fault != null) {
          waiting.add(fault);
          return fault.message(has(UffdApi.UFFD_FEATURE_THREAD_ID));
        }
        if ((flags & UffdApi.O_NONBLOCK) != 0) {
          throw new ErrnoException(Errno.EAGAIN, "no message");
        }
        if (released) {
          throw new ErrnoException(Errno.EBADF, "closed");
        }
        reader = new Completion("a message of userfaultfd");
        readers.addLast(reader);
      }
      try {
        reader.await();
      } finally {
        forget(reader);
      }
    }
  }

  private synchronized void forget(Completion reader) {
    readers.remove(reader);
  }

  /**
   * What poll(2) says.
   *
   * @return POLLIN; 0; or POLLERR before the handshake, and if reads wait: then it means nothing
   * @kernel fs/userfaultfd.c:userfaultfd_poll
   */
  public synchronized int poll() {
    if (!isInitialized() || (flags & UffdApi.O_NONBLOCK) == 0) {
      return UffdPoll.POLLERR;
    }
    return pending.isEmpty() ? 0 : UffdPoll.POLLIN;
  }

  /**
   * Lets those faults be tried again that wait for a page in the range.
   *
   * @kernel fs/userfaultfd.c:wake_userfault
   */
  public synchronized void wake(long start, long length) {
    wake(pending.iterator(), start, length);
    wake(waiting.iterator(), start, length);
  }

  private static void wake(Iterator<UserfaultWait> faults, long start, long length) {
    while (faults.hasNext()) {
      UserfaultWait fault = faults.next();
      if (fault.isIn(start, length)) {
        faults.remove();
        fault.wake();
      }
    }
  }

  /** First half of closing: faults that come now are not queued any more. */
  public void release() {
    released = true;
  }

  /** Second half, once no VMA is registered: nobody waits any longer. */
  public synchronized void wakeAll() {
    wake(0, Long.MAX_VALUE);
    readers.forEach(Completion::complete);
    readers.clear();
  }
}
