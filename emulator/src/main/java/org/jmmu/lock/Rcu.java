package org.jmmu.lock;

import java.lang.invoke.VarHandle;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;

/**
 * Read-copy-update: readers announce themselves and take nothing; who wants to free something waits
 * for a grace period, after which no reader that could have seen it is left.
 *
 * <p>A reader publishes the epoch in which it began. A grace period opens a new epoch and waits for
 * every reader of an older one.
 *
 * <pre>
 *   reader                               synchronizeRcu
 *   ------                               --------------
 *   word = epoch; full fence             unlink; epoch += 1 (a full fence)
 *   read pointers                        word older than the new epoch? wait
 * </pre>
 *
 * Either the waiter sees the reader's word, or the reader's fence came later and its reads see what
 * was unlinked.
 *
 * @kernel kernel/rcu/tree.c
 */
public final class Rcu {
  private static final int CALLBACK_CHUNK = 64;
  private static final AtomicLong EPOCH = new AtomicLong(1);
  private static final Queue<Reader> READERS = new ConcurrentLinkedQueue<>();
  private static final ThreadLocal<Reader> CURRENT = ThreadLocal.withInitial(Reader::register);
  private static final Queue<Runnable> CALLBACKS =
      new MpscUnboundedAtomicArrayQueue<>(CALLBACK_CHUNK);

  private Rcu() {}

  /** The word of one thread. */
  private static final class Reader {
    private final Thread thread = Thread.currentThread();
    private final AtomicLong word = new AtomicLong(); // 0, or the epoch in which it began
    private int nesting; // owner only

    static Reader register() {
      READERS.removeIf(reader -> !reader.thread.isAlive());
      Reader reader = new Reader();
      READERS.add(reader);
      return reader;
    }
  }

  /** Starts a read section; they nest. */
  public static void readLock() {
    Reader reader = CURRENT.get();
    if (reader.nesting++ == 0) {
      reader.word.setOpaque(EPOCH.getOpaque());
      VarHandle.fullFence();
    }
  }

  /**
   * @throws IllegalStateException if the thread is in no read section
   */
  public static void readUnlock() {
    Reader reader = CURRENT.get();
    if (reader.nesting == 0) {
      throw new IllegalStateException("rcu: unlocked but not locked");
    }
    if (--reader.nesting == 0) {
      reader.word.setRelease(0);
    }
  }

  /**
   * Waits until every read section that is open now has ended.
   *
   * @throws IllegalStateException if called inside a read section, which would wait for itself
   * @throws DeadlockException if the deadline passes
   */
  public static void synchronizeRcu() {
    if (CURRENT.get().nesting > 0) {
      throw new IllegalStateException("rcu: a read section waits for itself");
    }
    long epoch = EPOCH.incrementAndGet();
    for (Reader reader : READERS) {
      awaitEndOf(reader, epoch);
    }
  }

  /** Lets {@code callback} run after a grace period, in whichever thread calls {@link #barrier}. */
  public static void callRcu(Runnable callback) {
    CALLBACKS.add(callback);
  }

  /**
   * Waits for a grace period and runs every callback queued before.
   *
   * @kernel kernel/rcu/tree.c:rcu_barrier
   */
  public static void barrier() {
    synchronized (CALLBACKS) { // the queue has many producers and one consumer
      int queued = CALLBACKS.size();
      synchronizeRcu();
      for (int i = 0; i < queued; i++) {
        Runnable callback = CALLBACKS.poll();
        if (callback != null) {
          callback.run();
        }
      }
    }
  }

  @SuppressWarnings("ThreadPriorityCheck") // yields to a reader that was descheduled
  private static void awaitEndOf(Reader reader, long epoch) {
    long deadline = Deadline.start();
    while (true) {
      long word = reader.word.getAcquire();
      if (word == 0 || word >= epoch) {
        return;
      }
      if (PausePoint.blocked("rcu")) {
        continue;
      }
      Thread.yield();
      if (Deadline.passed(deadline)) {
        throw new DeadlockException("the end of an RCU read section", reader.thread.getName());
      }
    }
  }
}
