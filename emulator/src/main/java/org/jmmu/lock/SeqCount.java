package org.jmmu.lock;

import java.util.concurrent.locks.StampedLock;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;

/**
 * A sequence counter: readers take nothing and retry if a write section was open meanwhile. Writers
 * exclude each other by other means; two at a time are a defect.
 *
 * <p>Pairs: the reads between {@link #readBegin} and {@link #readRetry} against the stores of a
 * write section. The reads must not be plain, or the JIT may move them past the validation.
 *
 * @kernel include/linux/seqlock.h:seqcount_t
 */
public final class SeqCount {
  private static final int SPINS_PER_YIELD = 128;

  private final StampedLock stamped = new StampedLock();
  private long writeStamp; // of the open section; its writer

  /**
   * @throws IllegalStateException if a write section is open
   */
  public void writeBegin() {
    long stamp = stamped.tryWriteLock();
    if (stamp == 0) {
      throw new IllegalStateException("seqcount: a second writer");
    }
    writeStamp = stamp;
  }

  public void writeEnd() {
    stamped.unlockWrite(writeStamp);
  }

  /**
   * Waits while a write section is open.
   *
   * @return to be given to {@link #readRetry}
   * @throws DeadlockException if the deadline passes
   */
  @SuppressWarnings("ThreadPriorityCheck") // yields to a writer that was descheduled
  public long readBegin() {
    long stamp = stamped.tryOptimisticRead();
    if (stamp != 0) {
      return stamp;
    }
    long deadline = Deadline.start();
    for (int spins = 1; ; spins++) {
      stamp = stamped.tryOptimisticRead();
      if (stamp != 0) {
        return stamp;
      }
      if (PausePoint.blocked("seqcount")) {
        continue;
      }
      Thread.onSpinWait();
      if (spins % SPINS_PER_YIELD == 0) {
        Thread.yield();
        if (Deadline.passed(deadline)) {
          throw new DeadlockException("the end of a seqcount write section", "its writer");
        }
      }
    }
  }

  /** Whether what was read since {@link #readBegin} may be inconsistent. */
  public boolean readRetry(long stamp) {
    return !stamped.validate(stamp);
  }
}
