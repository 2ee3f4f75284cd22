package org.jmmu.lock;

import org.jmmu.phys.Mem;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;

/**
 * A spin lock in an off-heap word: 0, or the holder's thread id. Test and test-and-set, as few
 * locked instructions as possible while somebody else has it.
 *
 * @kernel include/linux/spinlock.h:spin_lock
 */
public final class SpinLock {
  private static final int FREE = 0;
  private static final int SPINS_PER_YIELD = 128;

  private SpinLock() {}

  /**
   * @param addr native address of the word, a multiple of 4
   * @throws IllegalStateException if the calling thread holds the lock already
   * @throws DeadlockException if the deadline passes
   */
  public static void lock(long addr, LockClass lockClass) {
    lockNested(addr, lockClass, 0);
  }

  /** As {@link #lock}, inside others of the same class that have a smaller subclass. */
  public static void lockNested(long addr, LockClass lockClass, int subclass) {
    if (LockOrderChecker.ON) {
      LockOrderChecker.acquire(lockClass, addr, subclass);
    }
    int self = self();
    if (!Mem.intCas(addr, FREE, self)) {
      spin(addr, lockClass, self);
    }
  }

  /** Release: whoever takes it next sees all that was done under it. */
  public static void unlock(long addr, LockClass lockClass) {
    if (LockOrderChecker.ON) {
      LockOrderChecker.release(lockClass, addr);
    }
    Mem.intSetRelease(addr, FREE);
  }

  /** Whether anybody holds it, for oracles. */
  public static boolean isLocked(long addr) {
    return Mem.intGetAcquire(addr) != FREE;
  }

  @SuppressWarnings("ThreadPriorityCheck") // yields to a holder that was descheduled
  private static void spin(long addr, LockClass lockClass, int self) {
    try {
      if (Mem.intGetOpaque(addr) == self) {
        throw new IllegalStateException(lockClass + " taken by a thread that holds it already");
      }
      long deadline = Deadline.start();
      for (int spins = 1; ; spins++) {
        if (Mem.intGetOpaque(addr) == FREE && Mem.intCas(addr, FREE, self)) {
          return;
        }
        if (PausePoint.blocked(lockClass.toString())) {
          continue;
        }
        Thread.onSpinWait();
        if (spins % SPINS_PER_YIELD == 0) {
          Thread.yield();
          if (Deadline.passed(deadline)) {
            throw new DeadlockException(lockClass.toString(), "thread " + Mem.intGetOpaque(addr));
          }
        }
      }
    } catch (IllegalStateException e) {
      if (LockOrderChecker.ON) {
        LockOrderChecker.release(lockClass, addr);
      }
      throw e;
    }
  }

  private static int self() {
    return (int) Thread.currentThread().threadId();
  }
}
