package org.jmmu.lock;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * Read-write semaphore: many readers or one writer, in the order in which they come, so that a
 * waiting writer holds back new readers. That is what makes a reader that comes back for the same
 * lock deadlock in the kernel; the lock below would let it in again, hence every acquisition by a
 * thread that holds the lock already is refused.
 *
 * @kernel include/linux/rwsem.h:struct rw_semaphore
 */
public class RwSem {
  private final LockClass cls;
  private final Owned lock = new Owned();
  private final SteppedQueue stepped = new SteppedQueue();

  public RwSem(LockClass cls) {
    this.cls = cls;
  }

  /**
   * @kernel kernel/locking/rwsem.c:down_read
   */
  public final void readLock() {
    cls.reachLock();
    refuseRecursion();
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(cls, 0, this, 0);
    }
    if (!tryTake(lock.readLock())) {
      waitFor(lock.readLock(), false);
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(cls, 0, this, 0);
    }
  }

  /**
   * @kernel kernel/locking/rwsem.c:down_read_trylock
   */
  public final boolean tryReadLock() {
    return tryLock(lock.readLock());
  }

  /**
   * @kernel kernel/locking/rwsem.c:up_read
   */
  public final void readUnlock() {
    release(lock.readLock());
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(cls, this, 0);
    }
    cls.reachUnlock();
  }

  /**
   * @kernel kernel/locking/rwsem.c:down_write
   */
  public final void writeLock() {
    writeLockNested(0);
  }

  /**
   * Takes a second lock of the class.
   *
   * @param subclass above that of every lock of the class that the thread holds
   * @kernel kernel/locking/rwsem.c:down_write_nested
   */
  public final void writeLockNested(int subclass) {
    cls.reachLock();
    refuseRecursion();
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(cls, subclass, this, 0);
    }
    if (!tryTake(lock.writeLock())) {
      waitFor(lock.writeLock(), true);
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(cls, subclass, this, 0);
    }
    writeBegin();
  }

  /**
   * @kernel kernel/locking/rwsem.c:down_write_trylock
   */
  public final boolean tryWriteLock() {
    boolean taken = tryLock(lock.writeLock());
    if (taken) {
      writeBegin();
    }
    return taken;
  }

  /**
   * @kernel kernel/locking/rwsem.c:up_write
   */
  public final void writeUnlock() {
    if (lock.isWriteLockedByCurrentThread()) {
      writeEnd();
    }
    release(lock.writeLock());
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(cls, this, 0);
    }
    cls.reachUnlock();
  }

  /**
   * Turns the write lock into a read lock; no writer comes between.
   *
   * @kernel kernel/locking/rwsem.c:downgrade_write
   */
  public final void downgradeWrite() {
    if (!lock.isWriteLockedByCurrentThread()) {
      throw notHeld("downgraded");
    }
    writeEnd();
    lock.readLock().lock(); // does not wait: the thread holds the write lock
    lock.writeLock().unlock();
    cls.reachUnlock();
  }

  public final boolean isLocked() {
    return lock.isWriteLocked() || lock.getReadLockCount() != 0;
  }

  public final boolean isWriteLocked() {
    return lock.isWriteLocked();
  }

  /** Called by the writer, once it has the lock. */
  protected void writeBegin() {}

  /** Called by the writer, before it gives the lock up or turns it into a read lock. */
  protected void writeEnd() {}

  private void refuseRecursion() {
    if (lock.isWriteLockedByCurrentThread() || lock.getReadHoldCount() != 0) {
      throw new IllegalStateException(this + ": taken again by the same thread");
    }
  }

  private boolean tryLock(Lock half) {
    cls.reachLock();
    refuseRecursion();
    if (!tryTake(half)) {
      return false;
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(cls, 0, this, 0);
    }
    return true;
  }

  /** Without the look at the queues, a try-lock would overtake those who wait. */
  private boolean tryTake(Lock half) {
    if (PausePoint.canStep() && !stepped.isEmpty()) {
      return false;
    }
    return !lock.hasQueuedThreads() && half.tryLock();
  }

  private void waitFor(Lock half, boolean write) {
    LockWait wait = LockWait.begin(cls.name(), this);
    try {
      if (PausePoint.isStepped()) {
        stepped.take(half, write, wait);
      } else {
        wait.take(half);
      }
    } finally {
      wait.end();
    }
  }

  private void release(Lock half) {
    try {
      half.unlock();
    } catch (IllegalMonitorStateException e) {
      throw notHeld("released");
    }
  }

  private IllegalStateException notHeld(String how) {
    return new IllegalStateException(
        "%s %s by %s, which does not hold it"
            .formatted(this, how, Thread.currentThread().getName()));
  }

  @Override
  public final String toString() {
    String name = HeldLock.name(cls, this, 0);
    Thread writer = lock.getOwner();
    if (writer != null) {
      return name + " held for write by " + writer.getName();
    }
    int readers = lock.getReadLockCount();
    return name + (readers == 0 ? " (free)" : " held by " + readers + " reader(s)");
  }

  /** Says who the writer is. */
  private static final class Owned extends ReentrantReadWriteLock {
    private static final long serialVersionUID = 1;

    Owned() {
      super(true);
    }

    @Override
    protected @Nullable Thread getOwner() {
      return super.getOwner();
    }
  }
}
