package org.jmmu.race.execstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.race.execstack.ExecStackFixture.Outcome;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.ShortDeadline;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.Test;

/** What becomes of a walk while the write section of SEQ_EXEC is open. */
class ExecStackDeadlockTest {
  /** As if the allocation of a page table, within the section, slept. */
  @Test
  void aWalkSpinsWhileTheWriterSleeps() {
    AtomicReference<Outcome> exec = new AtomicReference<>();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try (ExecStackFixture fixture =
        ExecStackFixture.of(ExecStackVariant.SEQ_EXEC, Interleaving.NEAR)) {
      Runnable migration =
          () -> {
            try {
              fixture.migrate();
            } catch (DeadlockException e) {
              failure.set(e);
            }
          };
      Stepper.of(Schedule.parse("W:shiftArgPages.expanded M:end W:end"))
          .thread("W", () -> exec.set(fixture.exec()))
          .thread("M", () -> runUnstepped(migration)) // a stepped thread would not spin
          .run()
          .throwIfFailed();
    }
    assertEquals(Outcome.DONE, exec.get());
    assertTrue(String.valueOf(failure.get()).contains("for seqcount"), failure::toString);
  }

  private static void runUnstepped(Runnable body) {
    try (ShortDeadline _ = new ShortDeadline()) {
      Thread.ofPlatform().start(body).join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A walk that spins holds the anon_vma's lock, and the move of a whole table takes it. */
  @Test
  void aWalkAndTheMoveOfAWholeTableWaitForEachOther() {
    try (ExecStackFixture fixture =
        ExecStackFixture.of(ExecStackVariant.SEQ_EXEC, Interleaving.LONG)) {
      Stepper stepper =
          Stepper.of(
                  Schedule.parse(
                      "W:shiftArgPages.begin M:migrate.copied W:shiftArgPages.expanded M:end"
                          + " W:end"))
              .thread("M", fixture::migrate)
              .thread("W", fixture::exec);
      DeadlockException deadlock = assertThrows(DeadlockException.class, stepper::run);
      String message = String.valueOf(deadlock.getMessage());
      assertTrue(message.contains("M on seqcount"), message);
      assertTrue(message.contains("W on ANON_VMA"), message);
    }
  }
}
