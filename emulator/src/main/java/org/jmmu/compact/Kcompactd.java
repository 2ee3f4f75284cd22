package org.jmmu.compact;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.DeadlockException;
import org.jspecify.annotations.Nullable;

/**
 * A thread that compacts one node whenever it is asked to, and sleeps otherwise.
 *
 * @kernel mm/compaction.c:kcompactd
 */
public final class Kcompactd implements AutoCloseable {
  private static final int NOTHING = -1;

  private final Compaction compaction;
  private final int nid;
  private final Thread thread;
  private volatile boolean stopping;
  private int wantedOrder = NOTHING; // guarded by this
  private boolean busy; // guarded by this
  private Compaction.@Nullable Outcome last; // guarded by this
  private @Nullable Throwable failure; // what ended the thread; guarded by this

  /** Starts the thread. */
  public Kcompactd(Compaction compaction, int nid) {
    this.compaction = compaction;
    this.nid = nid;
    this.thread = Thread.ofPlatform().daemon().name("kcompactd" + nid).start(this::run);
  }

  /**
   * Somebody would like 2^{@code order} frames in one piece.
   *
   * @kernel mm/compaction.c:wakeup_kcompactd
   */
  public synchronized void wakeup(int order) {
    wantedOrder = Math.max(wantedOrder, order);
    notifyAll();
  }

  /**
   * Waits until nothing is left to do.
   *
   * @return what the last run did; null if there was none
   * @throws DeadlockException if that takes longer than a deadline
   */
  public synchronized Compaction.@Nullable Outcome awaitSleep() {
    Deadline deadline = Deadline.start();
    while ((busy || wantedOrder != NOTHING) && failure == null) {
      sleep(deadline);
    }
    rethrow();
    return last;
  }

  /**
   * Ends the thread; a run that goes on is cut short.
   *
   * @throws DeadlockException if it does not end
   */
  @Override
  public void close() {
    synchronized (this) {
      stopping = true;
      notifyAll();
    }
    Deadline deadline = Deadline.start();
    try {
      if (!thread.join(Duration.ofNanos(deadline.remainingNanos()))) {
        throw new DeadlockException(thread.getName() + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + thread.getName(), e);
    }
    rethrow();
  }

  private void run() {
    try {
      for (int order = next(); order != NOTHING; order = next()) {
        Compaction.Outcome outcome = compaction.compact(nid, order, () -> stopping);
        synchronized (this) {
          last = outcome;
        }
      }
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        failure = e;
        notifyAll();
      }
    }
  }

  /** The order that is wanted next; {@link #NOTHING} if the thread is to end. */
  private synchronized int next() {
    busy = false;
    notifyAll();
    while (wantedOrder == NOTHING && !stopping) {
      try {
        wait();
      } catch (InterruptedException e) {
        stopping = true; // nobody else interrupts this thread
      }
    }
    int order = stopping ? NOTHING : wantedOrder;
    wantedOrder = NOTHING;
    busy = order != NOTHING;
    return order;
  }

  /** Waits for the thread's next step; the caller holds the monitor. */
  private void sleep(Deadline deadline) {
    if (deadline.hasPassed()) {
      throw new DeadlockException(thread.getName() + " does not come to rest");
    }
    try {
      TimeUnit.NANOSECONDS.timedWait(this, Math.max(deadline.remainingNanos(), 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + thread.getName(), e);
    }
  }

  private synchronized void rethrow() {
    if (failure != null) {
      throw new IllegalStateException(thread.getName() + " has failed", failure);
    }
  }
}
