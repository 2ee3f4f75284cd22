package org.jmmu.lock;

import static org.jmmu.lock.LockClass.PTL;
import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.StepResult.Outcome;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.Test;

/** Locks of stepped threads: waiting means giving the turn away, and depends on turns alone. */
class SteppedLocksTest {
  private static final long PFN = 1;

  private final PhysMemory phys = new PhysMemory(4);
  private final long ptl = PageDesc.ptlAddr(phys, 2);
  private final RwSem sem = new RwSem(LockClass.MMAP_LOCK);
  private final SeqCount seq = new SeqCount();
  private final List<String> log = new ArrayList<>();

  private static Stepper stepper(String schedule) {
    return Stepper.of(Schedule.parse(schedule));
  }

  private static List<String> texts(StepResult result) {
    return result.outcomes().stream().map(Outcome::toString).toList();
  }

  /** Takes, stops at {@code held}, releases. */
  private Runnable critical(Runnable take, Runnable release) {
    return () -> {
      take.run();
      log.add(Thread.currentThread().getName());
      PausePoint.reach("held");
      release.run();
    };
  }

  private Runnable ptl() {
    return critical(() -> SpinLock.lock(ptl, PTL), () -> SpinLock.unlock(ptl, PTL));
  }

  private Runnable page() {
    return critical(() -> PageLock.lock(phys, PFN), () -> PageLock.unlock(phys, PFN));
  }

  private Runnable read() {
    return critical(sem::readLock, sem::readUnlock);
  }

  private Runnable write() {
    return critical(sem::writeLock, sem::writeUnlock);
  }

  @Test
  void aSpinLockBlocks() {
    StepResult result =
        stepper("A:held B:held A:end B:held").thread("A", ptl()).thread("B", ptl()).run();
    assertEquals(List.of("held", "blocked on PTL", "end", "held", "end"), texts(result));
    result.throwIfFailed();
  }

  @Test
  void aPageLockGoesToTheFirstWhoWaited() {
    StepResult result =
        stepper("A:held B:held C:held A:end C:held B:end C:end")
            .thread("A", page())
            .thread("B", page())
            .thread("C", page())
            .run();
    String blocked = "blocked on PAGE_LOCK(pfn 1)";
    assertEquals(
        List.of("held", blocked, blocked, "end", blocked, "end", "end"),
        texts(result).subList(0, 7));
    assertEquals(List.of("A", "B", "C"), log);
    result.throwIfFailed();
  }

  @Test
  void aWaiterForAMigrationEntryGoesOnAlthoughThePageIsLockedAgain() {
    StepResult result =
        stepper("M:locked F:end M:again F:end M:end")
            .thread(
                "M",
                () -> {
                  PageLock.lock(phys, PFN);
                  PausePoint.reach("locked");
                  PageLock.unlock(phys, PFN);
                  PageLock.lock(phys, PFN);
                  PausePoint.reach("again");
                  PageLock.unlock(phys, PFN);
                })
            .thread(
                "F",
                () -> {
                  SpinLock.lock(ptl, PTL);
                  PageLock.waitOnLockedDroppingPtl(phys, PFN, ptl);
                })
            .run()
            .throwIfFailed();
    assertEquals(
        List.of("locked", "blocked on PAGE_LOCK(pfn 1)", "again", "end", "end"), texts(result));
  }

  @Test
  void aWriterWaitsForReadersAndHoldsBackNewOnes() {
    StepResult result =
        stepper("R:held W:held S:held R:end S:held W:held W:end S:held S:end")
            .thread("R", read())
            .thread("W", write())
            .thread("S", read())
            .run();
    String blocked = "blocked on MMAP_LOCK";
    assertEquals(
        List.of("held", blocked, blocked, "end", blocked, "held", "end", "held", "end"),
        texts(result));
    assertEquals(List.of("R", "W", "S"), log);
    result.throwIfFailed();
  }

  @Test
  void aTryLockDoesNotOvertakeAWaiter() {
    stepper("R:held W:held T:end R:end T:end W:end")
        .thread("R", read())
        .thread("W", write())
        .thread("T", () -> assertFalse(sem.tryReadLock()))
        .run()
        .throwIfFailed();
  }

  @Test
  void readersPassTogether() {
    StepResult result =
        stepper("W:held A:held B:held W:end B:held A:held")
            .thread("W", write())
            .thread("A", read())
            .thread("B", read())
            .run();
    assertEquals(List.of("end", "held", "held"), texts(result).subList(3, 6));
    result.throwIfFailed();
  }

  @Test
  void aSequenceReaderBlocksOnAWriteSection() {
    StepResult result =
        stepper("W:open R:end W:end R:end")
            .thread(
                "W",
                () -> {
                  seq.writeBegin();
                  PausePoint.reach("open");
                  seq.writeEnd();
                })
            .thread("R", seq::readBegin)
            .run()
            .throwIfFailed();
    assertEquals(List.of("open", "blocked on seqcount", "end", "end"), texts(result));
  }

  @Test
  void aGracePeriodBlocksOnAReadSection() {
    StepResult result =
        stepper("R:reading U:end R:end U:end")
            .thread(
                "R",
                () -> {
                  Rcu.readLock();
                  PausePoint.reach("reading");
                  Rcu.readUnlock();
                })
            .thread("U", Rcu::synchronizeRcu)
            .run()
            .throwIfFailed();
    assertEquals(List.of("reading", "blocked on rcu", "end", "end"), texts(result));
  }

  /** A second reader behind a writer: the case that an unfair lock would hide. */
  @Test
  void aReaderBehindAWriterBehindAReaderIsADeadlock() {
    Stepper stepper =
        stepper("A:held W:end B:end")
            .thread(
                "A",
                () -> {
                  sem.readLock();
                  PausePoint.reach("held");
                  Rcu.synchronizeRcu();
                })
            .thread("W", sem::writeLock)
            .thread(
                "B",
                () -> {
                  Rcu.readLock();
                  sem.readLock();
                });
    DeadlockException e = assertThrows(DeadlockException.class, stepper::run);
    assertTrue(
        message(e).startsWith("all threads are blocked: A on rcu, W on MMAP_LOCK, B on MMAP_LOCK"),
        message(e));
  }

  /** A waits a second time, but before that it has released what B waits for. */
  @Test
  void aWaitThatIsOverIsToldToTheStepper() {
    long zoneLock = PageDesc.ptlAddr(phys, 3); // any free word
    stepper("C:held B:held A:held A:end B:end C:end")
        .thread(
            "B",
            () -> {
              sem.writeLock();
              PausePoint.reach("held");
              SpinLock.lock(ptl, PTL);
              SpinLock.unlock(ptl, PTL);
              sem.writeUnlock();
            })
        .thread(
            "A",
            () -> {
              SpinLock.lock(ptl, PTL);
              PausePoint.reach("held");
              SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
              SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
              SpinLock.unlock(ptl, PTL);
              sem.readLock();
              sem.readUnlock();
            })
        .thread(
            "C",
            critical(
                () -> SpinLock.lock(zoneLock, LockClass.ZONE_LOCK),
                () -> SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK)))
        .run()
        .throwIfFailed();
  }

  @Test
  void aRunThatIsGivenUpLeavesNoWaiterBehind() {
    RwSem other = new RwSem(LockClass.I_MMAP_RWSEM);
    Stepper stepper =
        stepper("A:held B:held A:end B:end")
            .thread(
                "A",
                () -> {
                  sem.writeLock();
                  PausePoint.reach("held");
                  try {
                    PageLock.lock(phys, PFN);
                  } finally {
                    sem.writeUnlock();
                  }
                })
            .thread(
                "B",
                () -> {
                  PageLock.lock(phys, PFN);
                  PausePoint.reach("held");
                  try {
                    sem.tryReadLock(); // an order that the checker lets pass
                    other.readLock();
                    seq.writeBegin();
                    seq.readBegin();
                  } finally {
                    other.readUnlock();
                    PageLock.unlock(phys, PFN);
                  }
                });
    DeadlockException e = assertThrows(DeadlockException.class, stepper::run);
    assertTrue(
        message(e).startsWith("all threads are blocked: A on PAGE_LOCK(pfn 1), B on seqcount"),
        message(e));
    assertEquals(0, PageDesc.flagsGetAcquire(phys, PFN));
    assertTrue(sem.tryWriteLock());
    sem.writeUnlock();
  }
}
