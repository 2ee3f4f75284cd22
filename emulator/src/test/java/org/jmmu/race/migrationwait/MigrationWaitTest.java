package org.jmmu.race.migrationwait;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jmmu.check.Violation;
import org.jmmu.migrate.MigratePages.Result;
import org.jmmu.race.migrationwait.MigrationWaitFixture.Access;
import org.jmmu.race.migrationwait.MigrationWaitVariant.Walks;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Steps every variant along every interleaving: the tables of the package documentation. */
class MigrationWaitTest {
  /** 3-A: X is read when the migration is over. */
  private static final String AFTERWARDS = "M:end F:end";

  /** 3-A: the fault meets the migration, and again what it left behind. */
  private static final String MEANWHILE = "M:migrate.copied F:end M:end F:end";

  /** What a read of X comes to if the entry was left behind. */
  private static Access leftBehind(MigrationWaitVariant variant, Interleaving interleaving) {
    return switch (variant) {
      case BUG, REF_WAIT, PUT_AND_WAIT, PTL_QUEUE -> Access.BUG;
      case SIGBUS -> Access.SIGBUS;
      case CLEANUP ->
          switch (interleaving) {
            case FREED -> Access.LIVELOCK;
            case REUSED -> Access.WRONG;
            case HELD, MET -> Access.OK;
          };
    };
  }

  /** Every wait under the walks of 2.6.34: none heals an entry that was left behind. */
  @TestFactory
  Stream<DynamicTest> entryLeftBehind() {
    return each(
        List.of(Interleaving.FREED, Interleaving.REUSED, Interleaving.HELD),
        (variant, interleaving) -> {
          try (var run = new Run(variant, Walks.MISS, interleaving, AFTERWARDS)) {
            boolean held = interleaving == Interleaving.HELD;
            assertEquals(held ? Result.EAGAIN : Result.MIGRATED, run.migration(), run::toString);
            assertEquals(leftBehind(variant, interleaving), run.access(), run::toString);
          }
        });
  }

  /**
   * A sleeper with a reference keeps the frame from being used again: the clean-up, which would
   * have given it another process's page, finds no page at all.
   */
  @TestFactory
  Stream<DynamicTest> entryLeftBehindWhileTheFaultSleeps() {
    return each(
        List.of(Interleaving.FREED, Interleaving.REUSED),
        (variant, interleaving) -> {
          try (var run = new Run(variant, Walks.MISS, interleaving, MEANWHILE)) {
            assertEquals(Result.MIGRATED, run.migration(), run::toString);
            boolean cleanUp = variant == MigrationWaitVariant.CLEANUP;
            Access expected = cleanUp ? Access.LIVELOCK : leftBehind(variant, interleaving);
            assertEquals(expected, run.access(), run::toString);
          }
        });
  }

  /** Every variant with the walks of its kernel. */
  @TestFactory
  Stream<DynamicTest> walksOfTheVariantsKernel() {
    return each(
        List.of(Interleaving.FREED, Interleaving.REUSED),
        (variant, interleaving) -> {
          try (var run = new Run(variant, variant.walks(), interleaving, AFTERWARDS)) {
            assertEquals(Result.MIGRATED, run.migration(), run::toString);
            if (variant.verdict().catchable()) {
              assertEquals(leftBehind(variant, interleaving), run.access(), run::toString);
            } else {
              run.assertWell();
            }
          }
        });
  }

  /** 3-C: the fault is about to wait when the migration counts the references on the page. */
  @TestFactory
  Stream<DynamicTest> migrationMeetsFaultAboutToWait() {
    return meetings(
        "M:migrate.unmapped F:migrationEntryWait.waits M:end F:end",
        variant -> variant == MigrationWaitVariant.PTL_QUEUE ? Result.MIGRATED : Result.EAGAIN);
  }

  /** 3-C: the fault is asleep when the migration counts the references on the page. */
  @TestFactory
  Stream<DynamicTest> migrationMeetsSleepingFault() {
    return meetings(
        "M:migrate.unmapped F:end M:end F:end",
        variant ->
            switch (variant) {
              case PUT_AND_WAIT, PTL_QUEUE -> Result.MIGRATED;
              case BUG, CLEANUP, SIGBUS, REF_WAIT -> Result.EAGAIN;
            });
  }

  /** 3-C: the references were counted already; the old frame may live until the fault lets go. */
  @TestFactory
  Stream<DynamicTest> faultComesAfterTheCount() {
    return meetings("M:migrate.copied F:end M:end F:end", _ -> Result.MIGRATED);
  }

  /** 3-C: the entry that the fault saw is gone when the fault has the ptl. */
  @TestFactory
  Stream<DynamicTest> entryGoesBeforeTheFaultHasThePtl() {
    return meetings(
        "M:migrate.unmapped F:migrationEntryWait.begin M:end F:end", _ -> Result.MIGRATED);
  }

  /** 3-A held: the clean-up is right only while the reference lasts. */
  @Test
  void cleanUpAfterFailedMigrationNeedsTheReferenceThatMadeItFail() {
    try (var run =
        new Run(MigrationWaitVariant.CLEANUP, Walks.MISS, Interleaving.HELD, "M:end R:end F:end")) {
      assertEquals(Result.EAGAIN, run.migration(), run::toString);
      assertEquals(Access.LIVELOCK, run.access(), run::toString);
    }
    try (var run =
        new Run(
            MigrationWaitVariant.CLEANUP, Walks.MISS, Interleaving.HELD, AFTERWARDS + " R:end")) {
      assertEquals(Result.EAGAIN, run.migration(), run::toString);
      run.assertWell();
    }
  }

  /** 3-A freed: the clean-up gives X its old frame back, if that is not free yet. */
  @Test
  void cleanUpBeforeTheOldFrameIsFreedMapsTheOldFrame() {
    try (var run =
        new Run(
            MigrationWaitVariant.CLEANUP,
            Walks.MISS,
            Interleaving.FREED,
            "M:migrate.unlocked F:end M:end")) {
      assertEquals(Result.MIGRATED, run.migration(), run::toString);
      run.assertWell();
    }
  }

  private static Stream<DynamicTest> meetings(
      String schedule, Function<MigrationWaitVariant, Result> expected) {
    return each(
        List.of(Interleaving.MET),
        (variant, interleaving) -> {
          try (var run = new Run(variant, variant.walks(), interleaving, schedule)) {
            assertEquals(expected.apply(variant), run.migration(), run::toString);
            run.assertWell();
          }
        });
  }

  private interface Case {
    void run(MigrationWaitVariant variant, Interleaving interleaving);
  }

  private static Stream<DynamicTest> each(List<Interleaving> interleavings, Case test) {
    return Stream.of(MigrationWaitVariant.values())
        .flatMap(
            variant ->
                interleavings.stream()
                    .map(
                        interleaving ->
                            dynamicTest(
                                variant + " " + interleaving.id(),
                                () -> test.run(variant, interleaving))));
  }

  /** One stepped run and what came of it. */
  private static final class Run implements AutoCloseable {
    private final MigrationWaitFixture fixture;
    private final AtomicReference<Result> migration = new AtomicReference<>();
    private final AtomicReference<Access> access = new AtomicReference<>();
    private final StepResult steps;

    Run(MigrationWaitVariant variant, Walks walks, Interleaving interleaving, String schedule) {
      fixture = MigrationWaitFixture.of(variant, walks, interleaving);
      Stepper stepper =
          Stepper.of(Schedule.parse(schedule))
              .thread("M", () -> migration.set(fixture.migrate()))
              .thread("F", () -> access.set(fixture.read()));
      if (schedule.contains("R:")) {
        stepper.thread("R", fixture::dropReference);
      }
      steps = stepper.run();
      steps.throwIfFailed();
    }

    Result migration() {
      return migration.get();
    }

    Access access() {
      return access.get();
    }

    /** X was read as it was written, and nothing is left that an oracle objects to. */
    void assertWell() {
      assertEquals(Access.OK, access(), this::toString);
      assertEquals(List.<Violation>of(), fixture.violations(), this::toString);
      assertEquals(Access.OK, fixture.read(), this::toString);
    }

    @Override
    public String toString() {
      return steps.toString();
    }

    @Override
    public void close() {
      fixture.close();
    }
  }
}
