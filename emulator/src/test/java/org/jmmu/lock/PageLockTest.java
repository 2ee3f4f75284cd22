package org.jmmu.lock;

import static org.jmmu.lock.LockClass.PTL;
import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.lock.Threads.Started;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageLockTest {
  private static final int ROUNDS = 20_000;
  private static final int WAKE_UPS = 5_000;
  private static final long PFN = 1;
  private static final long TABLE_PFN = 2;

  private final PhysMemory phys = new PhysMemory(4);
  private final long ptlAddr = PageDesc.ptlAddr(phys, TABLE_PFN);
  private long counter;

  @AfterEach
  void nothingStaysLockedAndNobodyWaits() {
    assertEquals(0, PageDesc.flagsGetAcquire(phys, PFN));
    assertFalse(SpinLock.isLocked(ptlAddr));
    LockOrderChecker.assertNoneHeld();
  }

  private boolean hasWaiters() {
    return (PageDesc.flagsGetAcquire(phys, PFN) & PageFlags.PG_WAITERS) != 0;
  }

  /** A thread that waits in {@code body}, in the queue already. */
  private Started startWaiter(String name, Runnable body) {
    Started waiter = Threads.start(name, body);
    Threads.await(this::hasWaiters);
    return waiter.awaitParked();
  }

  private void lock() {
    PageLock.lock(phys, PFN);
  }

  private void unlock() {
    PageLock.unlock(phys, PFN);
  }

  private void lockAndUnlock() {
    lock();
    unlock();
  }

  @Test
  void holdersExcludeEachOther() {
    Runnable body =
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            lock();
            counter++;
            unlock();
          }
        };
    Threads.together(body, body, body);
    assertEquals(3 * ROUNDS, counter);
  }

  @Test
  void tryLockTakesAFreePageOnly() {
    assertTrue(PageLock.tryLock(phys, PFN));
    assertTrue(PageLock.isLocked(phys, PFN));
    Threads.elsewhere(() -> assertFalse(PageLock.tryLock(phys, PFN)));
    unlock();
    assertFalse(PageLock.isLocked(phys, PFN));
  }

  @Test
  void otherFlagsStay() {
    PageDesc.flagsGetAndOr(phys, PFN, PageFlags.PG_DIRTY);
    lockAndUnlock();
    assertEquals(PageFlags.PG_DIRTY, PageDesc.flagsGetAndClear(phys, PFN, PageFlags.PG_DIRTY));
  }

  @Test
  void aParkedWaiterIsGivenTheLock() {
    lock();
    Started waiter =
        startWaiter(
            "waiter",
            () -> {
              lock();
              counter++;
              unlock();
            });
    unlock();
    waiter.join();
    assertEquals(1, counter);
  }

  @Test
  void unlockHandsOverBeforeItReturns() {
    lock();
    AtomicInteger stage = new AtomicInteger();
    Started waiter =
        startWaiter(
            "waiter",
            () -> {
              lock();
              Threads.await(() -> stage.get() == 1);
              unlock();
            });
    unlock();
    // The waiter may still be asleep, but nobody can overtake it any more.
    assertFalse(PageLock.tryLock(phys, PFN));
    stage.set(1);
    waiter.join();
  }

  /** Each round parks one thread, as often as not just when the other unlocks. */
  @Test
  void noWakeUpIsLost() {
    AtomicInteger turn = new AtomicInteger();
    Threads.together(() -> waitRounds(turn), () -> unlockRounds(turn));
  }

  private void waitRounds(AtomicInteger turn) {
    for (int i = 0; i < WAKE_UPS; i++) {
      int round = 2 * i + 1;
      Threads.await(() -> turn.get() == round);
      PageLock.waitOnLocked(phys, PFN);
      turn.set(round + 1);
    }
  }

  private void unlockRounds(AtomicInteger turn) {
    for (int i = 0; i < WAKE_UPS; i++) {
      lock();
      int round = 2 * i + 1;
      turn.set(round);
      for (int spin = i % 500; spin > 0; spin--) { // from before the wait until after the parking
        Thread.onSpinWait();
      }
      unlock();
      Threads.await(() -> turn.get() == round + 1);
    }
  }

  @Test
  void waitOnLockedReturnsAtOnceFromAFreePage() {
    PageLock.waitOnLocked(phys, PFN);
  }

  @Test
  void allWhoOnlyWaitAreWokenTogether() {
    lock();
    Started one = startWaiter("one", () -> PageLock.waitOnLocked(phys, PFN));
    Started two = startWaiter("two", () -> PageLock.waitOnLocked(phys, PFN));
    unlock();
    one.join();
    two.join();
  }

  @Test
  void waitersForOnePageDoNotKeepTheMarkOfAnother() {
    // Two machines, many pages: some share a bucket.
    PhysMemory other = new PhysMemory(600);
    lock();
    Started waiter = startWaiter("waiter", this::lockAndUnlock);
    for (long pfn = 1; pfn < other.nrFrames(); pfn++) {
      PageLock.tryLock(other, pfn);
      PageDesc.flagsGetAndOr(other, pfn, PageFlags.PG_WAITERS);
      PageLock.unlock(other, pfn);
      assertEquals(0, PageDesc.flagsGetAcquire(other, pfn));
    }
    assertTrue(hasWaiters());
    unlock();
    waiter.join();
  }

  @Test
  void aWaiterIsQueuedBeforeThePageTableLockIsFree() {
    for (int i = 0; i < 2000; i++) {
      lock();
      AtomicInteger stage = new AtomicInteger();
      Started waiter =
          Threads.start(
              "waiter",
              () -> {
                SpinLock.lock(ptlAddr, PTL);
                stage.set(1);
                PageLock.waitOnLockedDroppingPtl(phys, PFN, ptlAddr);
              });
      Threads.await(() -> stage.get() == 1);
      SpinLock.lock(ptlAddr, PTL); // as soon as the waiter has released it
      assertTrue(hasWaiters());
      SpinLock.unlock(ptlAddr, PTL);
      unlock();
      waiter.join();
    }
  }

  @Test
  void aWaiterWithoutReferenceDoesNotLookAtThePageAgain() {
    lock();
    Started waiter =
        startWaiter(
            "waiter",
            () -> {
              SpinLock.lock(ptlAddr, PTL);
              PageLock.waitOnLockedDroppingPtl(phys, PFN, ptlAddr);
            });
    unlock();
    lock(); // another use of the frame
    waiter.join();
    unlock();
  }

  @Test
  void waitingOnAFreePageStillDropsThePageTableLock() {
    SpinLock.lock(ptlAddr, PTL);
    PageLock.waitOnLockedDroppingPtl(phys, PFN, ptlAddr);
    assertFalse(SpinLock.isLocked(ptlAddr));
  }

  @Test
  void releasingWhatIsNotHeldIsRefused() {
    assertThrows(IllegalStateException.class, this::unlock);
    lock();
    Threads.elsewhere(() -> assertThrows(IllegalStateException.class, this::unlock));
    unlock();
  }

  @Test
  void waitsEndAtTheDeadlineAndLeaveNoTrace() {
    lock();
    Threads.elsewhere(
        () -> {
          try (ShortDeadline _ = new ShortDeadline()) {
            DeadlockException e = assertThrows(DeadlockException.class, this::lock);
            assertTrue(message(e).contains("for PAGE_LOCK(pfn 1) (locked)"), message(e));
            assertTrue(message(e).contains("holds PAGE_LOCK(pfn 1) taken"), message(e));
            assertThrows(DeadlockException.class, () -> PageLock.waitOnLocked(phys, PFN));
          }
        });
    assertFalse(hasWaiters());
    unlock();
  }
}
