package org.jmmu.lock;

import org.jmmu.phys.Checks;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;

/**
 * Spin locks in off-heap 32-bit words, 4-byte aligned: 0 is free, anything else names the thread
 * that holds the lock.
 *
 * <p>Taking is a compare-and-set (acquire), after plain looking while the word is taken, so that
 * waiters share the cache line instead of pulling it back and forth; releasing is a release store.
 *
 * @kernel include/linux/spinlock.h:spin_lock
 */
public final class SpinLock {
  private static final int FREE = 0;
  private static final int SPINS = 100;

  private SpinLock() {}

  public static void lock(long addr, LockClass cls) {
    if (LockOrderChecker.ENABLED) {
      lockNested(addr, cls, 0);
    } else if (!Mem.intCas(addr, FREE, self())) { // as there, one call less deep: faults lock a lot
      lockSlow(addr, cls);
    }
  }

  /**
   * Takes a second lock of a class.
   *
   * @param subclass above that of every lock of the class that the thread holds
   * @kernel include/linux/spinlock.h:spin_lock_nested
   */
  public static void lockNested(long addr, LockClass cls, int subclass) {
    cls.reachLock();
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(cls, subclass, null, addr);
    }
    if (!Mem.intCas(addr, FREE, self())) {
      lockSlow(addr, cls);
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(cls, subclass, null, addr);
    }
  }

  public static boolean tryLock(long addr, LockClass cls) {
    cls.reachLock();
    if (Mem.intGetOpaque(addr) != FREE || !Mem.intCas(addr, FREE, self())) {
      return false;
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(cls, 0, null, addr);
    }
    return true;
  }

  /**
   * @throws IllegalStateException if the calling thread does not hold the lock; not looked for
   *     while {@link Checks} are off
   */
  public static void unlock(long addr, LockClass cls) {
    if (Checks.ON && Mem.intGetPlain(addr) != self()) {
      throw new IllegalStateException(
          new Word(addr, cls) + " released by " + Thread.currentThread().getName());
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(cls, null, addr);
    }
    Mem.intSetRelease(addr, FREE);
    cls.reachUnlock();
  }

  public static boolean isLocked(long addr) {
    return Mem.intGetOpaque(addr) != FREE;
  }

  private static void lockSlow(long addr, LockClass cls) {
    int self = self();
    if (Mem.intGetPlain(addr) == self) {
      throw new IllegalStateException(new Word(addr, cls) + ": taken again by the same thread");
    }
    if (!PausePoint.canStep() && spin(addr, self)) {
      return;
    }
    LockWait wait = LockWait.begin(cls.name(), new Word(addr, cls));
    try {
      do {
        wait.pause();
      } while (Mem.intGetOpaque(addr) != FREE || !Mem.intCas(addr, FREE, self));
    } finally {
      wait.end();
    }
  }

  /** Most holders are gone within some nanoseconds: as long as that, waiting allocates nothing. */
  private static boolean spin(long addr, int self) {
    for (int i = 0; i < SPINS; i++) {
      Thread.onSpinWait();
      if (Mem.intGetOpaque(addr) == FREE && Mem.intCas(addr, FREE, self)) {
        return true;
      }
    }
    return false;
  }

  /** Never 0 in practice: that takes four billion threads. */
  private static int self() {
    return (int) Thread.currentThread().threadId();
  }

  static String name(LockClass cls, long addr) {
    return cls + "@" + Long.toHexString(addr);
  }

  /** Names the lock and its holder in messages. */
  private record Word(long addr, LockClass cls) {
    @Override
    public String toString() {
      int owner = Mem.intGetOpaque(addr);
      return name(cls, addr) + (owner == FREE ? " (free)" : " held by " + threadName(owner));
    }

    private static String threadName(int owner) {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> (int) thread.threadId() == owner)
          .map(Thread::getName)
          .findFirst()
          .orElse("a thread that is gone, #" + owner);
    }
  }
}
