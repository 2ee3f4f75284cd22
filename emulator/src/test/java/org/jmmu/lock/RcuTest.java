package org.jmmu.lock;

import static org.jmmu.lock.Thrown.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.lock.Threads.Started;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.ShortDeadline;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.StepResult.Outcome;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.Test;

class RcuTest {
  private static final int ROUNDS = 20_000;

  /** A thread in a read section until told to leave it. */
  private static final class Reader {
    private final AtomicInteger stage = new AtomicInteger();
    private final Started started =
        Threads.start(
            "reader",
            () -> {
              Rcu.readLock();
              stage.set(1);
              Threads.await(() -> stage.get() == 2);
              Rcu.readUnlock();
            });

    Reader() {
      Threads.await(() -> stage.get() == 1);
    }

    void leave() {
      stage.set(2);
      started.join();
    }
  }

  @Test
  void aGracePeriodWithoutReadersEndsAtOnce() {
    Rcu.synchronizeRcu();
  }

  @Test
  void aGracePeriodWaitsForAReaderThatWasThere() {
    Reader reader = new Reader();
    AtomicBoolean left = new AtomicBoolean();
    Started updater =
        Threads.start(
                "updater",
                () -> {
                  Rcu.synchronizeRcu();
                  assertTrue(left.get());
                })
            .awaitParked();
    left.set(true);
    reader.leave();
    updater.join();
  }

  @Test
  void aGracePeriodDoesNotWaitForLaterReaders() {
    AtomicInteger stage = new AtomicInteger();
    Started reader =
        Threads.start(
            "reader",
            () -> {
              Rcu.readLock();
              stage.set(1);
              Threads.await(() -> stage.get() == 2);
              Rcu.readUnlock();
              Rcu.readLock(); // too late to have seen what the updater took away
              Threads.await(() -> stage.get() == 3);
              Rcu.readUnlock();
            });
    Threads.await(() -> stage.get() == 1);
    Started updater = Threads.start("updater", Rcu::synchronizeRcu).awaitParked();
    stage.set(2);
    updater.join();
    stage.set(3);
    reader.join();
  }

  @Test
  void anInnerSectionNeitherEndsNorRenewsTheOuter() {
    StepResult result =
        Stepper.of(Schedule.parse("R:outer U:end R:inner U:end R:left U:end R:end U:end"))
            .thread(
                "R",
                () -> {
                  Rcu.readLock();
                  PausePoint.reach("outer");
                  Rcu.readLock();
                  PausePoint.reach("inner");
                  Rcu.readUnlock();
                  PausePoint.reach("left");
                  Rcu.readUnlock();
                })
            .thread("U", Rcu::synchronizeRcu)
            .run()
            .throwIfFailed();
    String blocked = "blocked on rcu";
    assertEquals(
        List.of("outer", blocked, "inner", blocked, "left", blocked, "end", "end"),
        result.outcomes().stream().map(Outcome::toString).toList());
  }

  /** What was unlinked before the grace period is invalid after it; no reader may notice. */
  @Test
  void readersNeverSeeWhatWasReclaimed() {
    record Node(AtomicBoolean valid) {}
    AtomicReference<Node> head = new AtomicReference<>(new Node(new AtomicBoolean(true)));
    AtomicBoolean done = new AtomicBoolean();
    Threads.together(
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            Node old = head.getAndSet(new Node(new AtomicBoolean(true)));
            Rcu.synchronizeRcu();
            old.valid().setOpaque(false);
          }
          done.set(true);
        },
        () -> {
          while (!done.get()) {
            Rcu.readLock();
            Node node = head.getOpaque();
            for (int spin = 0; spin < 20; spin++) { // long enough for the updater to go wrong
              assertTrue(node.valid().getOpaque());
            }
            Rcu.readUnlock();
          }
        });
  }

  @Test
  void misuseIsRefused() {
    assertThrows(IllegalStateException.class, Rcu::readUnlock);
    Rcu.readLock();
    assertThrows(IllegalStateException.class, Rcu::synchronizeRcu);
    assertThrows(IllegalStateException.class, Rcu::barrier);
    assertThrows(IllegalStateException.class, LockOrderChecker::assertNoneHeld);
    Rcu.readUnlock();
  }

  @Test
  void aReaderThatDoesNotLeaveIsADeadlock() {
    Reader reader = new Reader();
    try (ShortDeadline _ = new ShortDeadline()) {
      DeadlockException e = assertThrows(DeadlockException.class, Rcu::synchronizeRcu);
      assertTrue(message(e).contains("for the RCU read section of reader"), message(e));
    }
    reader.leave();
  }

  @Test
  void aThreadThatIsGoneHoldsNothingUp() {
    Started reader = Threads.start("reader", Rcu::readLock);
    reader.join();
    Threads.await(() -> !reader.thread().isAlive());
    Rcu.synchronizeRcu();
  }

  @Test
  void callbacksRunAfterTheReadersAreGone() {
    Reader reader = new Reader();
    AtomicBoolean left = new AtomicBoolean();
    AtomicBoolean ranAfter = new AtomicBoolean();
    Rcu.callRcu(() -> ranAfter.set(left.get()));
    Started barrier = Threads.start("barrier", Rcu::barrier).awaitParked();
    left.set(true);
    reader.leave();
    barrier.join();
    assertTrue(ranAfter.get());
  }

  @Test
  void callbacksRunWithoutABarrier() {
    AtomicBoolean ran = new AtomicBoolean();
    Rcu.callRcu(() -> ran.set(true));
    Threads.await(ran::get);
  }

  @Test
  void aBarrierWaitsForAllThatWereQueuedBefore() {
    AtomicInteger ran = new AtomicInteger();
    for (int round = 1; round <= 50; round++) {
      for (int i = 0; i < 100; i++) {
        Rcu.callRcu(ran::incrementAndGet);
      }
      Rcu.barrier();
      assertEquals(100 * round, ran.get());
    }
  }

  @Test
  void aFailureOfACallbackIsToldByTheNextBarrier() {
    IllegalStateException failure = new IllegalStateException("broken");
    AtomicBoolean ran = new AtomicBoolean();
    Rcu.callRcu(
        () -> {
          throw failure;
        });
    Rcu.callRcu(() -> ran.set(true));
    assertSame(failure, assertThrows(IllegalStateException.class, Rcu::barrier).getCause());
    assertTrue(ran.get());
    Rcu.barrier();
  }

  @Test
  void aCallbackCannotWaitForCallbacks() {
    Rcu.callRcu(Rcu::barrier);
    assertThrows(IllegalStateException.class, Rcu::barrier);
  }

  @Test
  void inASteppedRunCallbacksRunWhenASteppedThreadAsks() {
    AtomicBoolean ran = new AtomicBoolean();
    StepResult result =
        Stepper.of(Schedule.parse("R:reading U:queued U:end R:end U:end"))
            .thread(
                "R",
                () -> {
                  Rcu.readLock();
                  PausePoint.reach("reading");
                  assertFalse(ran.get());
                  Rcu.readUnlock();
                })
            .thread(
                "U",
                () -> {
                  Rcu.callRcu(() -> ran.set(true));
                  PausePoint.reach("queued");
                  Rcu.barrier();
                  assertTrue(ran.get());
                })
            .run()
            .throwIfFailed();
    assertEquals("blocked on rcu", result.outcomes().get(2).toString());
  }
}
