package org.jmmu.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Read-copy-update: readers announce themselves in a word of their own, an updater waits until all
 * readers that can have seen the old state are gone.
 *
 * <p>A reader stores the current epoch in its word; a grace period raises the epoch and waits until
 * every word is 0 or at least that. Between the store of the word and the reads of the section
 * there is a full fence, and between the updater's last store and its look at the words as well: so
 * either the updater sees the reader, or the reader sees the update. Without either fence both
 * could miss.
 *
 * @kernel include/linux/rcupdate.h:rcu_read_lock
 */
public final class Rcu {
  private static final String NAME = "rcu";

  private static final AtomicLong EPOCH = new AtomicLong(1);
  private static final List<Reader> READERS = new CopyOnWriteArrayList<>();
  private static final ThreadLocal<Reader> READER = ThreadLocal.withInitial(Reader::register);

  private Rcu() {}

  /** One thread's announcement. */
  private static final class Reader {
    private static final VarHandle WORD =
        MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final int MIDDLE = 16; // 128 bytes from both ends: a cache line pair of its own

    private final long[] word = new long[2 * MIDDLE];
    private final Thread thread = Thread.currentThread();
    private int nesting; // by this thread only

    static Reader register() {
      READERS.removeIf(reader -> !reader.thread.isAlive());
      Reader reader = new Reader();
      READERS.add(reader);
      return reader;
    }

    void enter() {
      WORD.setOpaque(word, MIDDLE, EPOCH.getAcquire());
      VarHandle.fullFence(); // pairs with the one in synchronizeRcu
    }

    void leave() {
      WORD.setRelease(word, MIDDLE, 0L);
    }

    boolean hasBeenReadingSinceBefore(long epoch) {
      long since = (long) WORD.getAcquire(word, MIDDLE);
      return since != 0 && since < epoch && thread.isAlive();
    }

    @Override
    public String toString() {
      return "the RCU read section of " + thread.getName();
    }
  }

  /** Begins a read section; sections nest. */
  public static void readLock() {
    Reader reader = READER.get();
    if (reader.nesting++ == 0) {
      reader.enter();
    }
  }

  /**
   * @throws IllegalStateException if the calling thread is in no read section
   */
  public static void readUnlock() {
    Reader reader = READER.get();
    if (reader.nesting == 0) {
      throw new IllegalStateException("not in an RCU read section");
    }
    if (--reader.nesting == 0) {
      reader.leave();
    }
  }

  /**
   * @kernel include/linux/rcupdate.h:rcu_read_lock_held
   */
  public static boolean isReadLocked() {
    return READER.get().nesting != 0;
  }

  /**
   * Waits until every read section that is open now has ended.
   *
   * @kernel kernel/rcu/tree.c:synchronize_rcu
   */
  public static void synchronizeRcu() {
    refuseInReadSection();
    long epoch = EPOCH.incrementAndGet();
    VarHandle.fullFence(); // pairs with the one in Reader.enter
    for (Reader reader : READERS) {
      if (reader.hasBeenReadingSinceBefore(epoch)) {
        waitFor(reader, epoch);
      }
    }
  }

  private static void waitFor(Reader reader, long epoch) {
    LockWait wait = LockWait.begin(NAME, reader);
    try {
      do {
        wait.pause();
      } while (reader.hasBeenReadingSinceBefore(epoch));
    } finally {
      wait.end();
    }
  }

  /**
   * Runs {@code callback} after a grace period, in another thread or in a later {@link #barrier}.
   * It must not wait for anything but spin locks.
   *
   * @kernel kernel/rcu/tree.c:call_rcu
   */
  public static void callRcu(Runnable callback) {
    RcuCallbacks.add(callback);
  }

  /**
   * Waits until all callbacks queued so far have run.
   *
   * @throws IllegalStateException if one of them failed, with the failure as cause
   * @kernel kernel/rcu/tree.c:rcu_barrier
   */
  public static void barrier() {
    refuseInReadSection();
    RcuCallbacks.runAll();
  }

  private static void refuseInReadSection() {
    if (isReadLocked()) {
      throw new IllegalStateException("a grace period cannot end within a read section");
    }
  }
}
