package org.jmmu.uffd;

import org.jmmu.lock.Completion;

/**
 * A fault that waits for a handler.
 *
 * @kernel fs/userfaultfd.c:struct userfaultfd_wait_queue
 */
final class UserfaultWait {
  private final UserfaultfdCtx ctx;
  private final long vaddr;
  private final long flags; // UFFD_PAGEFAULT_FLAG_...
  private final long threadId = Thread.currentThread().threadId();
  private final Completion woken;

  UserfaultWait(UserfaultfdCtx ctx, long vaddr, long flags) {
    this.ctx = ctx;
    this.vaddr = vaddr;
    this.flags = flags;
    this.woken = new Completion("userfault at 0x" + Long.toHexString(vaddr));
  }

  UffdMsg message(boolean withThread) {
    return new UffdMsg(UffdApi.UFFD_EVENT_PAGEFAULT, flags, vaddr, withThread ? threadId : 0);
  }

  boolean isIn(long start, long length) {
    return vaddr >= start && vaddr - start < length;
  }

  void wake() {
    woken.complete();
  }

  void await() {
    try {
      woken.await();
    } finally {
      ctx.remove(this);
    }
  }

  void cancel() {
    ctx.remove(this);
  }
}
