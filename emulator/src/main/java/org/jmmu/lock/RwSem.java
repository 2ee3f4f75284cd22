package org.jmmu.lock;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * A sleeping reader-writer lock. Fair: a waiting writer keeps new readers out, as in the kernel,
 * where that makes some deadlocks possible at all. Unlike the lock it is made of, it may not be
 * taken again by a thread that has it.
 *
 * @kernel include/linux/rwsem.h:struct rw_semaphore
 */
public final class RwSem {
  private final ReentrantReadWriteLock rwLock = new ReentrantReadWriteLock(true);
  private final LockClass lockClass;

  /** Written by the thread that holds the lock for writing; others read it for messages only. */
  private @Nullable Thread writer;

  public RwSem(LockClass lockClass) {
    this.lockClass = lockClass;
  }

  /**
   * @throws IllegalStateException if the calling thread holds the lock already
   * @throws DeadlockException if the deadline passes
   */
  public void readLock() {
    lock(rwLock.readLock(), 0);
  }

  public void readUnlock() {
    if (LockOrderChecker.ON) {
      LockOrderChecker.release(lockClass, this);
    }
    rwLock.readLock().unlock();
  }

  /**
   * @throws IllegalStateException if the calling thread holds the lock already
   * @throws DeadlockException if the deadline passes
   */
  public void writeLock() {
    writeLockNested(0);
  }

  /** As {@link #writeLock}, inside others of the same class that have a smaller subclass. */
  public void writeLockNested(int subclass) {
    lock(rwLock.writeLock(), subclass);
    writer = Thread.currentThread();
  }

  public boolean tryWriteLock() {
    rejectRecursion();
    if (rwLock.hasQueuedThreads() || !rwLock.writeLock().tryLock()) {
      return false;
    }
    if (LockOrderChecker.ON) {
      LockOrderChecker.acquired(lockClass, this, 0);
    }
    writer = Thread.currentThread();
    return true;
  }

  public void writeUnlock() {
    if (LockOrderChecker.ON) {
      LockOrderChecker.release(lockClass, this);
    }
    writer = null;
    rwLock.writeLock().unlock();
  }

  /** Whether anybody holds it, for oracles. */
  public boolean isLocked() {
    return rwLock.isWriteLocked() || rwLock.getReadLockCount() > 0;
  }

  private void lock(Lock side, int subclass) {
    rejectRecursion();
    if (LockOrderChecker.ON) {
      LockOrderChecker.acquire(lockClass, this, subclass);
    }
    if (!tryFast(side)) {
      try {
        waitFor(side);
      } catch (DeadlockException e) {
        if (LockOrderChecker.ON) {
          LockOrderChecker.release(lockClass, this);
        }
        throw e;
      }
    }
  }

  /** A plain tryLock would overtake threads that wait. */
  private boolean tryFast(Lock side) {
    return !rwLock.hasQueuedThreads() && side.tryLock();
  }

  private void waitFor(Lock side) {
    while (PausePoint.blocked(lockClass.toString())) {
      if (tryFast(side)) {
        return;
      }
    }
    long deadline = Deadline.start();
    boolean interrupted = false;
    boolean acquired = false;
    while (!acquired && !Deadline.passed(deadline)) {
      try {
        acquired = side.tryLock(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true; // a kernel lock wait is not to be interrupted
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!acquired) {
      throw new DeadlockException(lockClass.toString(), holder());
    }
  }

  private void rejectRecursion() {
    if (rwLock.isWriteLockedByCurrentThread() || rwLock.getReadHoldCount() > 0) {
      throw new IllegalStateException(lockClass + " taken by a thread that holds it already");
    }
  }

  private String holder() {
    Thread thread = writer;
    return thread != null ? thread.getName() : rwLock.getReadLockCount() + " readers";
  }
}
