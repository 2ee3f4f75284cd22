package org.jmmu.lock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class VmaLockTest {
  private static final int ROUNDS = 20_000;
  private static final int MINUTES = 1; // deadline of a test

  private final MmapLock mmapLock = new MmapLock();
  private final VmaLock lock = new VmaLock();

  @Test
  void whatIsNotAttachedHasNoReaders() {
    assertFalse(lock.startRead(mmapLock));
    lock.attach();
    assertTrue(lock.startRead(mmapLock));
    lock.endRead();
    lock.detach();
    assertFalse(lock.startRead(mmapLock));
  }

  @Test
  void aWriterKeepsReadersOutUntilItsSectionEnds() {
    lock.attach();
    mmapLock.writeLock();
    assertTrue(lock.startRead(mmapLock), "mmap_lock alone does not");
    lock.endRead();
    lock.startWrite(mmapLock);
    lock.startWrite(mmapLock);
    assertFalse(lock.startRead(mmapLock));
    mmapLock.writeUnlock();
    assertTrue(lock.startRead(mmapLock));
    lock.endRead();
    mmapLock.writeLock();
    lock.startWrite(mmapLock);
    mmapLock.downgradeWrite();
    assertTrue(lock.startRead(mmapLock));
    lock.endRead();
    mmapLock.readUnlock();
  }

  /** Two plain counters that only a writer changes: a reader that is inside sees them equal. */
  @Test
  void readersAndWritersExcludeEachOther() throws Exception {
    lock.attach();
    int[] counters = new int[2];
    AtomicInteger reads = new AtomicInteger();
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<?> reader =
          thread.submit(
              () -> {
                while (reads.get() < ROUNDS) {
                  if (lock.startRead(mmapLock)) {
                    assertEquals(counters[0], counters[1]);
                    lock.endRead();
                    reads.incrementAndGet();
                  }
                }
              });
      while (!reader.isDone()) {
        mmapLock.writeLock();
        lock.startWrite(mmapLock);
        counters[0]++;
        Thread.onSpinWait();
        counters[1]++;
        mmapLock.writeUnlock();
      }
      reader.get(MINUTES, TimeUnit.MINUTES);
    }
  }
}
