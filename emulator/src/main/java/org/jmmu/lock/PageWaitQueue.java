package org.jmmu.lock;

import static org.jmmu.phys.PageFlags.PG_WAITERS;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Deadline;

/**
 * Where threads park that wait for a page. Pages share the queues by hash: a waiter may be woken
 * for another page and looks again.
 *
 * @kernel mm/filemap.c:folio_wait_table
 */
final class PageWaitQueue {
  private static final int BITS = 8;
  private static final PageWaitQueue[] TABLE =
      Stream.generate(PageWaitQueue::new).limit(1 << BITS).toArray(PageWaitQueue[]::new);

  private final ReentrantLock bucket = new ReentrantLock();
  private final Condition woken = bucket.newCondition();

  private PageWaitQueue() {}

  static PageWaitQueue of(PhysMemory phys, long pfn) {
    long key = PageDesc.ptlAddr(phys, pfn) >>> 6; // one descriptor, one key
    return TABLE[(int) ((key * 0x9e37_79b9_7f4a_7c15L) >>> (Long.SIZE - BITS))];
  }

  /**
   * Parks until {@code done}.
   *
   * @param onceQueued runs when no wake-up can be missed any more
   * @throws DeadlockException if the deadline passes
   */
  void await(PhysMemory phys, long pfn, BooleanSupplier done, Runnable onceQueued) {
    boolean interrupted = false;
    lock();
    try {
      // Before looking: an unlocker that does not see the bit has unlocked already.
      PageDesc.flagsGetAndOr(phys, pfn, PG_WAITERS);
      onceQueued.run();
      long deadline = Deadline.start();
      while (!done.getAsBoolean()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new DeadlockException("the page lock of frame " + pfn, "another thread");
        }
        try {
          long _ = woken.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true; // a page wait is not to be interrupted
        }
        PageDesc.flagsGetAndOr(phys, pfn, PG_WAITERS);
      }
    } finally {
      unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  void wakeAll(PhysMemory phys, long pfn) {
    lock();
    try {
      PageDesc.flagsGetAndClear(phys, pfn, PG_WAITERS); // who goes on waiting sets it again
      woken.signalAll();
    } finally {
      unlock();
    }
  }

  private void lock() {
    if (LockOrderChecker.ON) {
      LockOrderChecker.acquire(LockClass.WAIT_QUEUE, this, 0);
    }
    bucket.lock();
  }

  private void unlock() {
    bucket.unlock();
    if (LockOrderChecker.ON) {
      LockOrderChecker.release(LockClass.WAIT_QUEUE, this);
    }
  }
}
