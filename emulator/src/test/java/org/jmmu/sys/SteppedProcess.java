package org.jmmu.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.BeforeEach;

/**
 * A process with two threads that a schedule takes to the place where they race: F faults, on
 * {@link #other}; C changes what it faults on. What they left behind is looked at from {@link
 * #cpu}.
 */
abstract class SteppedProcess extends WithProcess {
  Cpu other;

  @BeforeEach
  final void startSecondThread() {
    other = process.runOn(machine.cpu(1));
  }

  /** Runs both to their end; every step of the schedule must be reached, or wait for a lock. */
  final void step(String schedule, Runnable fault, Runnable change) {
    StepResult run =
        Stepper.of(Schedule.parse(schedule)).thread("F", fault).thread("C", change).run();
    run.throwIfFailed();
    for (StepResult.Outcome outcome : run.outcomes()) {
      assertNotEquals(StepResult.Kind.NEVER_REACHED, outcome.kind(), run::toString);
    }
  }

  /** Stores from the second thread. */
  final void storeOther(long page, long value) {
    other.storeLong(at(page), value);
  }

  /** The reverse map leads to the page: it can be moved, with its content. */
  final void assertMovable(long page) {
    long content = load(page);
    assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(page)));
    assertEquals(content, load(page));
  }
}
