package org.jmmu.lock;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * One wait for a contended lock: it gives the stepper its turn back, ends at a deadline, and keeps
 * an interrupt for later. Made on slow paths only.
 */
final class LockWait {
  // Few yields: on a busy host each may cost the time slices of everyone else.
  private static final int SPINS = 200;
  private static final int YIELDS = SPINS + 20;
  private static final long NAP_NANOS = 50_000;

  /** Who waits for what, for the message of a deadlock. */
  private static final Map<Thread, LockWait> WAITING = new ConcurrentHashMap<>();

  private final String steppedName;
  private final Object lock;
  private @Nullable Deadline deadline;
  private boolean interrupted;
  private int pauses;

  private LockWait(String steppedName, Object lock) {
    this.steppedName = steppedName;
    this.lock = lock;
  }

  /**
   * @param steppedName names the lock in a stepped run: the same in every run
   * @param lock its {@code toString} names the lock and, if known, who holds it
   */
  static LockWait begin(String steppedName, Object lock) {
    return new LockWait(steppedName, lock);
  }

  /** Lets some time pass, for a condition that nobody will announce. */
  @SuppressWarnings("ThreadPriorityCheck") // yields to a holder that was descheduled
  void pause() {
    if (PausePoint.blocked(steppedName)) {
      return;
    }
    pauses++;
    if (pauses <= SPINS) {
      Thread.onSpinWait();
    } else if (pauses <= YIELDS) {
      remainingNanos();
      Thread.yield();
    } else {
      nap(Math.min(NAP_NANOS, remainingNanos()));
    }
  }

  /** Waits to be unparked; may return early. */
  void park() {
    if (!PausePoint.blocked(steppedName)) {
      nap(remainingNanos());
    }
  }

  /** Takes a Java lock, in the order in which threads have come to it. */
  void take(Lock javaLock) {
    while (true) {
      try {
        if (javaLock.tryLock(remainingNanos(), TimeUnit.NANOSECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** The wait is over, one way or the other. */
  void end() {
    PausePoint.unblocked();
    if (deadline != null) {
      WAITING.remove(Thread.currentThread());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void nap(long nanos) {
    LockSupport.parkNanos(lock, nanos);
    interrupted |= Thread.interrupted(); // else the next nap would not sleep
  }

  private long remainingNanos() {
    Deadline end = deadline;
    if (end == null) {
      end = Deadline.start();
      deadline = end;
    }
    WAITING.put(Thread.currentThread(), this);
    long remaining = end.remainingNanos();
    if (remaining <= 0) {
      throw new DeadlockException(
          "%s waited %d ms for %s%n%s%s"
              .formatted(
                  Thread.currentThread().getName(),
                  end.millis(),
                  lock,
                  whoWaits(),
                  LockOrderChecker.whoHoldsWhat()));
    }
    return remaining;
  }

  private static String whoWaits() {
    StringBuilder text = new StringBuilder();
    WAITING.forEach(
        (thread, wait) -> text.append("  " + thread.getName() + " waits for " + wait.lock + "\n"));
    return text.toString();
  }
}
