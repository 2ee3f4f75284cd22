package org.jmmu.lock;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;

/**
 * One bucket of the table in which waiters for page locks are parked; pages share buckets.
 *
 * <p>No wake-up is lost: a waiter sets PG_WAITERS and looks at PG_LOCKED in one atomic step, the
 * unlocker clears PG_LOCKED and looks at PG_WAITERS in one atomic step. Whichever comes first,
 * either the waiter sees the page unlocked or the unlocker sees the waiter, and then waits for the
 * bucket's lock until the waiter is queued.
 *
 * @kernel mm/filemap.c:folio_wait_table
 */
final class PageWaitQueue {
  private static final int BUCKETS = 256; // power of two
  private static final PageWaitQueue[] TABLE = new PageWaitQueue[BUCKETS];

  static {
    for (int i = 0; i < BUCKETS; i++) {
      TABLE[i] = new PageWaitQueue();
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Waiter> waiters = new ArrayDeque<>(); // guarded by lock; oldest first

  /** What a waiter wants of the unlocker. */
  enum Wants {
    /** To be woken. */
    UNLOCKED,
    /** To be given the page lock, and then woken. */
    LOCK
  }

  /** How far a waiter is. */
  private enum Progress {
    QUEUED,
    /** It may be parked. */
    ASLEEP,
    WOKEN
  }

  /** A thread that waits for one page. */
  static final class Waiter {
    private final PhysMemory phys;
    private final long pfn;
    private final Wants wants;
    private final Thread thread = Thread.currentThread();
    private final AtomicReference<Progress> progress = new AtomicReference<>(Progress.QUEUED);

    Waiter(PhysMemory phys, long pfn, Wants wants) {
      this.phys = phys;
      this.pfn = pfn;
      this.wants = wants;
    }

    boolean wantsLock() {
      return wants == Wants.LOCK;
    }

    boolean isWoken() {
      return progress.getAcquire() == Progress.WOKEN;
    }

    /** From here on it must be unparked to be woken; false if it was woken already. */
    boolean mustSleep() {
      return progress.compareAndSet(Progress.QUEUED, Progress.ASLEEP) || !isWoken();
    }

    private void wake() {
      if (progress.getAndSet(Progress.WOKEN) == Progress.ASLEEP) {
        LockSupport.unpark(thread);
      }
    }

    private boolean isFor(PhysMemory phys, long pfn) {
      return this.pfn == pfn && this.phys == phys;
    }
  }

  static PageWaitQueue of(PhysMemory phys, long pfn) {
    int hash = System.identityHashCode(phys) + (int) pfn * 0x9E3779B9;
    return TABLE[hash >>> 24 & BUCKETS - 1];
  }

  /**
   * Queues the calling thread, unless it has what it wants at once.
   *
   * @return whether it was queued
   */
  boolean add(Waiter waiter) {
    lockQueue();
    try {
      long bits =
          waiter.wantsLock() ? PageFlags.PG_WAITERS | PageFlags.PG_LOCKED : PageFlags.PG_WAITERS;
      long before = PageDesc.flagsGetAndOr(waiter.phys, waiter.pfn, bits);
      if ((before & PageFlags.PG_LOCKED) == 0) {
        clearWaitersIfNone(waiter.phys, waiter.pfn);
        return false;
      }
      waiters.addLast(waiter);
      return true;
    } finally {
      unlockQueue();
    }
  }

  /** Takes a waiter that gives up out of the queue; false if it was woken before that. */
  boolean remove(Waiter waiter) {
    lockQueue();
    try {
      boolean removed = waiters.remove(waiter);
      clearWaitersIfNone(waiter.phys, waiter.pfn);
      return removed;
    } finally {
      unlockQueue();
    }
  }

  /**
   * Wakes those who wait for the page, oldest first, up to and including the first that wants the
   * lock. That one is given the lock here, so that nobody takes it while the thread wakes up; if
   * somebody has it already, their unlock comes here again.
   *
   * @kernel mm/filemap.c:folio_wake_bit
   */
  void wake(PhysMemory phys, long pfn) {
    lockQueue();
    try {
      for (Iterator<Waiter> i = waiters.iterator(); i.hasNext(); ) {
        Waiter waiter = i.next();
        if (waiter.isFor(phys, pfn)) {
          if (waiter.wantsLock() && !PageLock.trySetLocked(phys, pfn)) {
            break;
          }
          i.remove();
          waiter.wake();
          if (waiter.wantsLock()) {
            break;
          }
        }
      }
      clearWaitersIfNone(phys, pfn);
    } finally {
      unlockQueue();
    }
  }

  /**
   * The page may be free, or another page by now. It does not matter: its waiters, if any, are in
   * this bucket as well, and keep the bit set.
   */
  private void clearWaitersIfNone(PhysMemory phys, long pfn) {
    for (Waiter waiter : waiters) {
      if (waiter.isFor(phys, pfn)) {
        return;
      }
    }
    PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_WAITERS);
  }

  private void lockQueue() {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(LockClass.WAIT_QUEUE, 0, this, 0);
    }
    if (!lock.tryLock()) {
      LockWait wait = LockWait.begin(LockClass.WAIT_QUEUE.name(), this);
      try {
        wait.take(lock);
      } finally {
        wait.end();
      }
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(LockClass.WAIT_QUEUE, 0, this, 0);
    }
  }

  private void unlockQueue() {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(LockClass.WAIT_QUEUE, this, 0);
    }
    lock.unlock();
  }
}
