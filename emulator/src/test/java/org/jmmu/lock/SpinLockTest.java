package org.jmmu.lock;

import static org.jmmu.lock.LockClass.PTL;
import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.lock.Threads.Started;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpinLockTest {
  private static final int ROUNDS = 50_000;

  private final PhysMemory phys = new PhysMemory(4);
  private final long addr = PageDesc.ptlAddr(phys, 1);
  private long counter;

  @AfterEach
  void nothingStaysLocked() {
    assertFalse(SpinLock.isLocked(addr));
    LockOrderChecker.assertNoneHeld();
  }

  @Test
  void holdersExcludeEachOther() {
    Runnable body =
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            SpinLock.lock(addr, PTL);
            counter++;
            SpinLock.unlock(addr, PTL);
          }
        };
    Threads.together(body, body);
    assertEquals(2 * ROUNDS, counter);
  }

  @Test
  void tryLockersExcludeEachOther() {
    long[] taken = new long[2];
    Threads.together(() -> tryRounds(taken, 0), () -> tryRounds(taken, 1));
    assertEquals(taken[0] + taken[1], counter);
  }

  private void tryRounds(long[] taken, int me) {
    for (int i = 0; i < ROUNDS; i++) {
      if (SpinLock.tryLock(addr, PTL)) {
        counter++;
        taken[me]++;
        SpinLock.unlock(addr, PTL);
      }
    }
  }

  @Test
  void aHeldLockIsSeenAndNotTakenByOthers() {
    SpinLock.lock(addr, PTL);
    assertTrue(SpinLock.isLocked(addr));
    assertFalse(SpinLock.tryLock(addr, PTL));
    Threads.elsewhere(() -> assertFalse(SpinLock.tryLock(addr, PTL)));
    SpinLock.unlock(addr, PTL);
  }

  @Test
  void takingItAgainIsRefused() {
    SpinLock.lock(addr, PTL);
    RuntimeException e = assertThrows(RuntimeException.class, () -> SpinLock.lock(addr, PTL));
    assertTrue(message(e).startsWith("PTL@" + Long.toHexString(addr)), message(e));
    SpinLock.unlock(addr, PTL);
  }

  @Test
  void takingAgainWhatWasTakenUnderAnotherClassIsRefused() {
    // Two names for one word get past the order checker; the word itself still knows its owner.
    SpinLock.lock(addr, LockClass.PAGE_TABLE_LOCK);
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> SpinLock.lock(addr, PTL));
    assertTrue(message(e).endsWith("taken again by the same thread"), message(e));
    SpinLock.unlock(addr, LockClass.PAGE_TABLE_LOCK);
  }

  @Test
  void releasingWhatIsNotHeldIsRefused() {
    assertThrows(IllegalStateException.class, () -> SpinLock.unlock(addr, PTL));
    SpinLock.lock(addr, PTL);
    Threads.elsewhere(
        () -> assertThrows(IllegalStateException.class, () -> SpinLock.unlock(addr, PTL)));
    SpinLock.unlock(addr, PTL);
  }

  @Test
  void aWaitEndsAtTheDeadlineAndNamesTheHolder() {
    SpinLock.lock(addr, PTL);
    String holder = Thread.currentThread().getName();
    Threads.elsewhere(
        () -> {
          try (ShortDeadline _ = new ShortDeadline()) {
            DeadlockException e =
                assertThrows(DeadlockException.class, () -> SpinLock.lock(addr, PTL));
            assertTrue(message(e).contains("held by " + holder), message(e));
          }
        });
    SpinLock.unlock(addr, PTL);
  }

  @Test
  void anInterruptDoesNotEndAWaitAndIsKept() {
    SpinLock.lock(addr, PTL);
    Started waiter =
        Threads.start(
                "waiter",
                () -> {
                  SpinLock.lock(addr, PTL);
                  assertTrue(Thread.currentThread().isInterrupted());
                  SpinLock.unlock(addr, PTL);
                })
            .awaitParked();
    waiter.thread().interrupt();
    Threads.await(() -> !waiter.thread().isInterrupted());
    SpinLock.unlock(addr, PTL);
    waiter.join();
  }
}
