package org.jmmu.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jmmu.sched.Schedule.Step;
import org.jmmu.sched.StepResult.Kind;
import org.jmmu.sched.StepResult.Outcome;
import org.junit.jupiter.api.Test;

class StepperTest {
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());

  private Runnable points(String thread, String... points) {
    return () -> {
      for (String point : points) {
        PausePoint.reach(point);
        log.add(thread + " after " + point);
      }
    };
  }

  private static Stepper stepper(String schedule) {
    return Stepper.of(Schedule.parse(schedule));
  }

  private static List<Kind> kinds(StepResult result) {
    return result.outcomes().stream().map(Outcome::kind).toList();
  }

  /** A lock for stepped threads, as small as it gets. */
  private static final class Flag {
    private final String name;
    private boolean taken;

    Flag(String name) {
      this.name = name;
    }

    void lock() {
      boolean waited = false;
      while (taken) {
        assertTrue(PausePoint.blocked(name), "only for stepped threads");
        waited = true;
      }
      taken = true;
      if (waited) {
        PausePoint.unblocked();
      }
    }

    void unlock() {
      taken = false;
    }
  }

  @Test
  void pausePointsAreOnInTests() {
    assertTrue(PausePoint.canStep(), "tests run with -Djmmu.sched=step");
  }

  @Test
  void threadsRunAsFarAsTheirStepsSay() {
    StepResult result =
        stepper("M:b W:d M:end W:end")
            .thread("M", points("M", "a", "b", "c"))
            .thread("W", points("W", "d", "e"))
            .run();
    assertEquals(List.of("M after a", "M after b", "M after c", "W after d", "W after e"), log);
    assertEquals(List.of(Kind.REACHED, Kind.REACHED, Kind.ENDED, Kind.ENDED), kinds(result));
    assertEquals(List.of("a", "b"), result.outcomes().getFirst().passed());
    assertEquals(List.of("c"), result.outcomes().get(2).passed());
  }

  @Test
  void aThreadDoesNothingBeforeItsFirstTurn() {
    stepper("W:end M:end").thread("M", () -> log.add("M")).thread("W", () -> log.add("W")).run();
    assertEquals(List.of("W", "M"), log);
  }

  @Test
  void anOccurrenceCountsFromTheTurnsStart() {
    stepper("M:a*2 W:end M:a*2 W:end")
        .thread("M", points("M", "a", "a", "a", "a"))
        .thread("W", () -> log.add("W"))
        .run();
    assertEquals(List.of("M after a", "W", "M after a", "M after a", "M after a"), log);
  }

  @Test
  void afterTheLastStepThreadsRunToTheirEndInOrder() {
    StepResult result =
        stepper("W:d").thread("M", points("M", "a")).thread("W", points("W", "d", "e")).run();
    assertEquals(List.of("M after a", "W after d", "W after e"), log);
    assertEquals(
        List.of(true, false, false), result.outcomes().stream().map(Outcome::inSchedule).toList());
  }

  @Test
  void oneThreadRunsAtATime() {
    AtomicInteger running = new AtomicInteger();
    Runnable body =
        () -> {
          for (int i = 0; i < 100; i++) {
            assertEquals(1, running.incrementAndGet());
            Thread.onSpinWait();
            running.decrementAndGet();
            PausePoint.reach("p");
          }
        };
    stepper("A:p B:p C:p*9 A:p*5 B:p A:p B:p*2 C:p")
        .thread("A", body)
        .thread("B", body)
        .thread("C", body)
        .run()
        .throwIfFailed();
  }

  @Test
  void theSameScheduleGivesTheSameRun() {
    String first = null;
    for (int i = 0; i < 50; i++) {
      log.clear();
      Flag flag = new Flag("flag");
      Runnable body =
          () -> {
            for (int j = 0; j < 3; j++) {
              PausePoint.reach("before");
              flag.lock();
              PausePoint.reach("held");
              log.add(Thread.currentThread().getName());
              flag.unlock();
            }
          };
      String run =
          stepper("A:held B:held B:held A:before B:held A:held B:before")
                  .thread("A", body)
                  .thread("B", body)
                  .run()
              + String.join(" ", log);
      first = first == null ? run : first;
      assertEquals(first, run);
    }
  }

  @Test
  void aBlockedThreadGoesOnAtItsNextTurnAndNotBefore() {
    Flag flag = new Flag("flag");
    StepResult result =
        stepper("M:held W:end M:end W:end")
            .thread(
                "M",
                () -> {
                  flag.lock();
                  PausePoint.reach("held");
                  flag.unlock();
                  log.add("M is done");
                })
            .thread(
                "W",
                () -> {
                  flag.lock();
                  log.add("W got it");
                })
            .run();
    assertEquals(List.of(Kind.REACHED, Kind.BLOCKED, Kind.ENDED, Kind.ENDED), kinds(result));
    assertEquals("flag", result.outcomes().get(1).lock());
    assertEquals(List.of("M is done", "W got it"), log);
  }

  @Test
  void aPointThatIsNeverReachedIsReported() {
    StepResult result =
        stepper("M:nowhere W:end M:b M:end")
            .thread("M", points("M", "a"))
            .thread("W", points("W"))
            .run();
    assertEquals(
        List.of(Kind.NEVER_REACHED, Kind.ENDED, Kind.NEVER_REACHED, Kind.ENDED), kinds(result));
    assertEquals(List.of("a"), result.outcomes().getFirst().passed());
  }

  @Test
  void aRealDeadlockEndsTheRunAndNamesTheLocks() {
    Flag a = new Flag("a");
    Flag b = new Flag("b");
    AtomicBoolean unwound = new AtomicBoolean();
    Stepper stepper =
        stepper("M:one W:one")
            .thread(
                "M",
                () -> {
                  a.lock();
                  PausePoint.reach("one");
                  try {
                    b.lock();
                  } finally {
                    unwound.set(true);
                  }
                })
            .thread(
                "W",
                () -> {
                  b.lock();
                  PausePoint.reach("one");
                  a.lock();
                });
    DeadlockException e = assertThrows(DeadlockException.class, stepper::run);
    String said = String.valueOf(e.getMessage());
    assertTrue(said.startsWith("all threads are blocked: M on b, W on a\n"), said);
    assertTrue(unwound.get());
    assertFalse(Stepper.isRunning());
  }

  @Test
  void waitingLongIsNoDeadlock() {
    Flag flag = new Flag("flag");
    StepResult result =
        stepper("M:held W:end W:end W:end W:end V:end V:end M:end")
            .thread(
                "M",
                () -> {
                  flag.lock();
                  PausePoint.reach("held");
                  flag.unlock();
                })
            .thread("W", flag::lock)
            .thread("V", () -> PausePoint.reach("p"))
            .run();
    assertEquals(Kind.ENDED, result.outcomes().getLast().kind());
  }

  /** A looks for its second lock in vain, but on the way it has released what B waits for. */
  @Test
  void aThreadThatWentOnAndWaitsAgainIsNoDeadlock() {
    Flag a = new Flag("a");
    Flag b = new Flag("b");
    Flag c = new Flag("c");
    stepper("C:holds B:holds A:holds A:end B:end C:end")
        .thread(
            "B",
            () -> {
              b.lock();
              PausePoint.reach("holds");
              a.lock();
              b.unlock();
            })
        .thread(
            "A",
            () -> {
              a.lock();
              PausePoint.reach("holds");
              c.lock();
              a.unlock();
              b.lock();
            })
        .thread(
            "C",
            () -> {
              c.lock();
              PausePoint.reach("holds");
              c.unlock();
            })
        .run()
        .throwIfFailed();
  }

  @Test
  void aThreadThatComesToNoStopEndsTheRun() {
    AtomicBoolean stop = new AtomicBoolean();
    Stepper stepper =
        stepper("M:p")
            .thread(
                "M",
                () -> {
                  while (!stop.get()) {
                    Thread.onSpinWait();
                  }
                });
    try (ShortDeadline _ = new ShortDeadline()) {
      DeadlockException e = assertThrows(DeadlockException.class, stepper::run);
      String said = String.valueOf(e.getMessage());
      assertTrue(said.startsWith("thread M came to no pause point"), said);
      assertTrue(said.contains("StepperTest.java"), said);
    } finally {
      stop.set(true);
    }
  }

  @Test
  void anExceptionIsInTheResult() {
    IllegalStateException thrown = new IllegalStateException("broken");
    StepResult result =
        stepper("M:p W:end")
            .thread(
                "M",
                () -> {
                  throw thrown;
                })
            .thread("W", () -> log.add("W"))
            .run();
    assertEquals(Kind.NEVER_REACHED, result.outcomes().getFirst().kind());
    assertSame(thrown, result.failures().get("M"));
    assertSame(thrown, assertThrows(IllegalStateException.class, result::throwIfFailed));
    assertTrue(result.toString().contains("M threw java.lang.IllegalStateException: broken"));
    assertEquals(List.of("W"), log);
  }

  @Test
  void printsOneColumnPerThread() {
    Flag flag = new Flag("flag");
    StepResult result =
        stepper("M:held W:end M:never")
            .thread(
                "M",
                () -> {
                  flag.lock();
                  PausePoint.reach("held");
                  flag.unlock();
                })
            .thread("W", flag::lock)
            .run();
    assertEquals(
        """
             M                    W
          1  held
          2                       blocked on flag
          3  never reached never
          -                       end
        """,
        result.toString());
  }

  @Test
  void interruptsAreKept() {
    AtomicBoolean interrupted = new AtomicBoolean();
    stepper("M:p W:end M:end")
        .thread(
            "M",
            () -> {
              Thread.currentThread().interrupt();
              PausePoint.reach("p");
              interrupted.set(Thread.currentThread().isInterrupted());
            })
        .thread("W", () -> {})
        .run();
    assertTrue(interrupted.get());
  }

  @Test
  void misuseIsRefused() {
    IllegalArgumentException unknown =
        assertThrows(
            IllegalArgumentException.class, () -> stepper("X:p").thread("M", () -> {}).run());
    assertEquals("step X:p: no thread X, only [M]", unknown.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> stepper("").thread("M", () -> {}).thread("M", () -> {}));
    StepResult nested = stepper("").thread("M", () -> stepper("").run()).run();
    assertInstanceOf(IllegalStateException.class, nested.failures().get("M"));
  }

  @Test
  void threadsOutsideARunPassPausePoints() {
    PausePoint.reach("anywhere");
    assertFalse(PausePoint.blocked("lock"));
    assertFalse(PausePoint.isStepped());
    PausePoint.unblocked();
  }

  @Test
  void aRunIsVisibleWhileItLasts() {
    AtomicBoolean seen = new AtomicBoolean();
    stepper("").thread("M", () -> seen.set(Stepper.isRunning() && PausePoint.isStepped())).run();
    assertTrue(seen.get());
    assertFalse(Stepper.isRunning());
  }

  @Test
  void stepsKeepTheirText() {
    StepResult result = stepper("M:p*2").thread("M", points("M", "p", "p")).run();
    assertEquals(new Step("M", "p*2"), result.outcomes().getFirst().step());
    assertEquals("p*2", result.outcomes().getFirst().toString());
  }
}
