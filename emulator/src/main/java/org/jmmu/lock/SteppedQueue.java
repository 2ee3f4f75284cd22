package org.jmmu.lock;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Lock;

/**
 * The queue of one {@link RwSem} for stepped threads, who cannot stand in that of the Java lock,
 * because they look at the lock only when it is their turn. The rule is the same: whoever came
 * later waits, unless both only read.
 */
final class SteppedQueue {
  private final Deque<Waiter> waiters = new ArrayDeque<>();

  private static final class Waiter {
    final boolean write;

    Waiter(boolean write) {
      this.write = write;
    }
  }

  synchronized boolean isEmpty() {
    return waiters.isEmpty();
  }

  /** Takes {@code half}; gives the turn away until that works. */
  void take(Lock half, boolean write, LockWait wait) {
    Waiter self = new Waiter(write);
    add(self);
    try {
      do {
        wait.park();
      } while (!isNext(self) || !half.tryLock());
    } finally {
      remove(self);
    }
  }

  private synchronized void add(Waiter waiter) {
    waiters.addLast(waiter);
  }

  private synchronized void remove(Waiter waiter) {
    waiters.remove(waiter);
  }

  private synchronized boolean isNext(Waiter self) {
    for (Waiter other : waiters) {
      if (other == self) {
        return true;
      }
      if (self.write || other.write) {
        return false;
      }
    }
    throw new AssertionError("not in the queue");
  }
}
