package org.jmmu.lock;

import java.util.concurrent.locks.StampedLock;

/**
 * Sequence count: readers take nothing, and find out afterwards whether a write section overlapped.
 *
 * <pre>{@code
 * long seq;
 * do {
 *   seq = count.readBegin();
 *   // read the fields
 * } while (count.readRetry(seq));
 * }</pre>
 *
 * It does not keep writers apart, some lock must; a second writer is a bug and is reported. Reading
 * the sequence is an acquire load; the check has an acquire fence before it, so that no read of the
 * section is later than the check; the fields need opaque accesses of their own.
 *
 * @kernel include/linux/seqlock.h:seqcount_t
 */
public final class SeqCount {
  private static final String NAME = "seqcount";

  private final StampedLock lock = new StampedLock();
  private long writeStamp; // guarded by the open write section; 0 = none

  /**
   * @kernel include/linux/seqlock.h:write_seqcount_begin
   */
  public void writeBegin() {
    long stamp = lock.tryWriteLock();
    if (stamp == 0) {
      throw new IllegalStateException(
          "seqcount: write section opened by %s while another is open"
              .formatted(Thread.currentThread().getName()));
    }
    writeStamp = stamp;
  }

  /**
   * @kernel include/linux/seqlock.h:write_seqcount_end
   */
  public void writeEnd() {
    long stamp = writeStamp;
    if (stamp == 0 || !lock.isWriteLocked()) {
      throw new IllegalStateException("seqcount: no write section is open");
    }
    writeStamp = 0;
    lock.unlockWrite(stamp);
  }

  /**
   * Begins a read section; waits while a write section is open.
   *
   * @kernel include/linux/seqlock.h:read_seqcount_begin
   */
  public long readBegin() {
    long seq = lock.tryOptimisticRead();
    return seq != 0 ? seq : readBeginSlow();
  }

  private long readBeginSlow() {
    LockWait wait = LockWait.begin(NAME, NAME);
    try {
      long seq;
      do {
        wait.pause();
        seq = lock.tryOptimisticRead();
      } while (seq == 0);
      return seq;
    } finally {
      wait.end();
    }
  }

  /**
   * Whether a write section overlapped the read section, so that what was read may be torn.
   *
   * @kernel include/linux/seqlock.h:read_seqcount_retry
   */
  public boolean readRetry(long seq) {
    return !lock.validate(seq);
  }
}
