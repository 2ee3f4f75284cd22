package org.jmmu.lock;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jmmu.sched.Stepper;
import org.jspecify.annotations.Nullable;

/**
 * The callbacks that wait for a grace period. A daemon thread runs them in batches; so does whoever
 * needs them done now.
 *
 * <p>During a stepped run the daemon holds still, because when it would run depends on the clock:
 * callbacks queued in the run are run by a stepped thread that calls {@link Rcu#barrier}, or after
 * the run.
 */
final class RcuCallbacks {
  private static final String NAME = "rcu callbacks";
  private static final int CHUNK = 256;
  private static final long LOOK_NANOS = 1_000_000;

  private static final MpscUnboundedVarHandleArrayQueue<Runnable> QUEUE =
      new MpscUnboundedVarHandleArrayQueue<>(CHUNK);

  /** Held by the one consumer of the queue. */
  private static final ReentrantLock CONSUMER = new ReentrantLock();

  /** Out of the queue, not yet run; guarded by CONSUMER. Outlives a grace period that failed. */
  private static final Deque<Runnable> BATCH = new ArrayDeque<>();

  private static final AtomicReference<@Nullable Throwable> FAILURE = new AtomicReference<>();

  private RcuCallbacks() {}

  static void add(Runnable callback) {
    QUEUE.add(callback);
    Daemon.wake();
  }

  static void runAll() {
    if (CONSUMER.isHeldByCurrentThread()) {
      throw new IllegalStateException("an RCU callback cannot wait for RCU callbacks");
    }
    if (!CONSUMER.tryLock()) {
      LockWait wait = LockWait.begin(NAME, NAME);
      try {
        do {
          wait.pause();
        } while (!CONSUMER.tryLock());
      } finally {
        wait.end();
      }
    }
    try {
      runBatch();
    } finally {
      CONSUMER.unlock();
    }
    Throwable failure = FAILURE.getAndSet(null);
    if (failure != null) {
      throw new IllegalStateException("an RCU callback or grace period failed", failure);
    }
  }

  /** Caller holds CONSUMER. */
  private static void runBatch() {
    Runnable next;
    while ((next = QUEUE.poll()) != null) {
      BATCH.add(next);
    }
    if (!BATCH.isEmpty()) {
      Rcu.synchronizeRcu();
    }
    while ((next = BATCH.poll()) != null) {
      try {
        next.run();
      } catch (Throwable t) {
        FAILURE.compareAndSet(null, t);
      }
    }
  }

  /** The thread that runs what nobody waits for; started by the first callback. */
  private static final class Daemon {
    private static final Thread THREAD =
        Thread.ofPlatform().daemon().name("rcu").start(Daemon::run);

    static void wake() {
      LockSupport.unpark(THREAD);
    }

    private static void run() {
      while (true) {
        if (QUEUE.isEmpty()) {
          LockSupport.park(QUEUE);
        } else if (Stepper.isRunning() || !CONSUMER.tryLock()) {
          LockSupport.parkNanos(LOOK_NANOS);
        } else {
          try {
            runBatch();
          } catch (RuntimeException e) {
            FAILURE.compareAndSet(null, e); // a reader that does not end; the batch stays
          } finally {
            CONSUMER.unlock();
          }
        }
      }
    }
  }
}
