package org.jmmu.lock;

import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.lock.Threads.Started;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class RwSemTest {
  private static final int ROUNDS = 20_000;

  private final RwSem sem = new RwSem(LockClass.MMAP_LOCK);
  private long counter;

  @AfterEach
  void nothingStaysLocked() {
    assertFalse(sem.isLocked());
    LockOrderChecker.assertNoneHeld();
  }

  @Test
  void writersExcludeEachOther() {
    Runnable body =
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            sem.writeLock();
            counter++;
            sem.writeUnlock();
          }
        };
    Threads.together(body, body);
    assertEquals(2 * ROUNDS, counter);
  }

  @Test
  void readersSeeNoWriterAtWork() {
    long[] pair = new long[2];
    Threads.together(
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            sem.writeLock();
            pair[0]++;
            pair[1]++;
            sem.writeUnlock();
          }
        },
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            sem.readLock();
            assertEquals(pair[0], pair[1]);
            sem.readUnlock();
          }
        });
  }

  @Test
  void readersShare() {
    sem.readLock();
    Threads.elsewhere(
        () -> {
          sem.readLock();
          assertFalse(sem.isWriteLocked());
          sem.readUnlock();
          assertTrue(sem.tryReadLock());
          sem.readUnlock();
          assertFalse(sem.tryWriteLock());
        });
    assertTrue(sem.isLocked());
    sem.readUnlock();
  }

  @Test
  void aWriterKeepsOthersOut() {
    sem.writeLock();
    assertTrue(sem.isWriteLocked());
    Threads.elsewhere(
        () -> {
          assertFalse(sem.tryReadLock());
          assertFalse(sem.tryWriteLock());
        });
    sem.writeUnlock();
  }

  @Test
  void aWaitingWriterHoldsBackNewReaders() {
    sem.readLock();
    AtomicBoolean written = new AtomicBoolean();
    Started writer =
        Threads.start(
                "writer",
                () -> {
                  sem.writeLock();
                  written.set(true);
                  sem.writeUnlock();
                })
            .awaitParked();
    Threads.elsewhere(() -> assertFalse(sem.tryReadLock()));
    Started reader =
        Threads.start(
                "reader",
                () -> {
                  sem.readLock();
                  assertTrue(written.get());
                  sem.readUnlock();
                })
            .awaitParked();
    sem.readUnlock();
    writer.join();
    reader.join();
  }

  @Test
  void whoHasWaitedGoesBeforeWhoComesBack() {
    sem.writeLock();
    AtomicBoolean read = new AtomicBoolean();
    Started reader =
        Threads.start(
                "reader",
                () -> {
                  sem.readLock();
                  read.set(true);
                  sem.readUnlock();
                })
            .awaitParked();
    sem.writeUnlock();
    sem.writeLock(); // the reader has hardly begun to wake up
    assertTrue(read.get());
    sem.writeUnlock();
    reader.join();
  }

  @Test
  void takingItAgainIsRefused() {
    List<Executable> again =
        List.of(
            sem::readLock,
            sem::writeLock,
            sem::tryReadLock,
            sem::tryWriteLock,
            () -> sem.writeLockNested(1));
    sem.readLock();
    again.forEach(RwSemTest::assertRefused);
    sem.readUnlock();
    sem.writeLock();
    again.forEach(RwSemTest::assertRefused);
    sem.writeUnlock();
  }

  private static void assertRefused(Executable again) {
    IllegalStateException e = assertThrows(IllegalStateException.class, again);
    assertTrue(message(e).startsWith("MMAP_LOCK@"), message(e));
    assertTrue(message(e).endsWith("taken again by the same thread"), message(e));
  }

  @Test
  void releasingWhatIsNotHeldIsRefused() {
    assertThrows(IllegalStateException.class, sem::readUnlock);
    assertThrows(IllegalStateException.class, sem::writeUnlock);
    assertThrows(IllegalStateException.class, sem::downgradeWrite);
    sem.writeLock();
    assertThrows(IllegalStateException.class, sem::readUnlock);
    Threads.elsewhere(
        () -> {
          assertThrows(IllegalStateException.class, sem::readUnlock);
          assertThrows(IllegalStateException.class, sem::writeUnlock);
          assertThrows(IllegalStateException.class, sem::downgradeWrite);
        });
    sem.writeUnlock();
    sem.readLock();
    Threads.elsewhere(() -> assertThrows(IllegalStateException.class, sem::readUnlock));
    assertThrows(IllegalStateException.class, sem::downgradeWrite);
    sem.readUnlock();
  }

  @Test
  void downgradingLetsReadersInButNoWriter() {
    sem.writeLock();
    Started reader =
        Threads.start(
                "reader",
                () -> {
                  sem.readLock();
                  sem.readUnlock();
                })
            .awaitParked();
    sem.downgradeWrite();
    reader.join();
    assertTrue(sem.isLocked());
    assertFalse(sem.isWriteLocked());
    Threads.elsewhere(() -> assertFalse(sem.tryWriteLock()));
    assertThrows(IllegalStateException.class, sem::readLock);
    sem.readUnlock();
  }

  @Test
  void aWaitEndsAtTheDeadlineAndSaysWhoHoldsWhat() {
    sem.writeLock();
    Threads.elsewhere(
        () -> {
          try (ShortDeadline _ = new ShortDeadline()) {
            DeadlockException e = assertThrows(DeadlockException.class, sem::readLock);
            String me = "held for write by " + holder();
            assertTrue(message(e).startsWith("elsewhere waited 50 ms for MMAP_LOCK@"));
            assertTrue(message(e).contains(me), message(e));
            assertTrue(message(e).contains("taken at org.jmmu.lock.RwSemTest"), message(e));
          }
        });
    sem.writeUnlock();
  }

  private String holder() {
    String text = sem.toString();
    return text.substring(text.lastIndexOf(' ') + 1);
  }

  @Test
  void anInterruptDoesNotEndAWaitAndIsKept() {
    sem.writeLock();
    Started waiter =
        Threads.start(
                "waiter",
                () -> {
                  sem.readLock();
                  assertTrue(Thread.currentThread().isInterrupted());
                  sem.readUnlock();
                })
            .awaitParked();
    waiter.thread().interrupt();
    Threads.await(() -> !waiter.thread().isInterrupted()); // it has seen the interrupt
    waiter.awaitParked();
    assertTrue(sem.isWriteLocked());
    sem.writeUnlock();
    waiter.join();
  }
}
