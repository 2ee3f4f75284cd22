package org.jmmu.race.execstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jmmu.check.Violation;
import org.jmmu.migrate.MigratePages;
import org.jmmu.race.execstack.ExecStackFixture.Content;
import org.jmmu.race.execstack.ExecStackFixture.Outcome;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps every variant along every interleaving: the table of the package documentation. */
class ExecStackTest {
  private static final Set<Interleaving> COMPLETE = EnumSet.of(Interleaving.NEAR, Interleaving.FAR);
  private static final List<String> POINTS_OF_M =
      List.of(
          "migrate.unmapped",
          "migrate.copied",
          "migrate.copied M:rmapWalk.vma",
          "migrate.copied M:vmaAddress.computed",
          "migrate.copied M:rmapWalk.vma*2",
          "migrate.copied M:vmaAddress.computed*2",
          "rmapWalk.vma*2");
  private static final List<String> POINTS_OF_W =
      List.of(
          "shiftArgPages.cloned",
          "shiftArgPages.expanded",
          "movePtes.cleared",
          "movePageTables.extent",
          "shiftArgPages.moved");

  /** Where walk 2 is while the stack moves. */
  private enum Meeting {
    /** It looks while the VMA covers both places and no entry has moved. */
    BEFORE_THE_MOVE(
        "W:shiftArgPages.begin M:migrate.unmapped W:shiftArgPages.expanded M:end W:end"),
    /** It has computed an address, and looks there after the move. */
    COMPUTED("W:shiftArgPages.begin M:migrate.copied M:vmaAddress.computed W:end M:end"),
    /** It has looked in one VMA, and looks in the other after the move, if there is one. */
    BETWEEN_TWO_VMAS(
        "W:shiftArgPages.begin M:migrate.copied W:shiftArgPages.expanded M:rmapWalk.vma*2"
            + " W:shiftArgPages.moved M:end W:end");

    private final String schedule;

    Meeting(String schedule) {
      this.schedule = schedule;
    }
  }

  /** Where a dangling entry is left behind. */
  private static Set<Meeting> lost(ExecStackVariant variant) {
    return switch (variant) {
      // Without a second VMA, BETWEEN_TWO_VMAS is BEFORE_THE_MOVE.
      case NONE -> EnumSet.of(Meeting.BEFORE_THE_MOVE, Meeting.BETWEEN_TWO_VMAS);
      case SEQ_EXEC -> EnumSet.of(Meeting.COMPUTED);
      case TMP_VMA_TAIL -> EnumSet.of(Meeting.BETWEEN_TWO_VMAS);
      case TMP_VMA_HEAD, TEMP_STACK_FLAG -> EnumSet.noneOf(Meeting.class);
    };
  }

  @TestFactory
  Stream<DynamicTest> steps() {
    return Stream.of(ExecStackVariant.values())
        .flatMap(
            variant ->
                Stream.of(Meeting.values())
                    .flatMap(
                        meeting ->
                            COMPLETE.stream()
                                .map(
                                    interleaving ->
                                        DynamicTest.dynamicTest(
                                            variant + " " + meeting + " " + interleaving.id(),
                                            () -> step(variant, meeting, interleaving)))));
  }

  private static void step(ExecStackVariant variant, Meeting meeting, Interleaving interleaving) {
    try (ExecStackFixture fixture = ExecStackFixture.of(variant, interleaving)) {
      Actors actors = new Actors(fixture);
      StepResult run = actors.run(meeting.schedule);
      List<Violation> violations = fixture.violations();
      assertEquals(Outcome.DONE, actors.exec.get(), run::toString);
      if (lost(variant).contains(meeting)) {
        assertEquals(1, violations.size(), () -> violations + "\n" + run);
        Violation dangling = violations.getFirst();
        assertEquals(Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY, dangling.invariant());
        String where = "at 0x" + Long.toHexString(fixture.vaddrOfX());
        assertTrue(dangling.where().contains(where), () -> dangling + ", not " + where);
        assertEquals(Content.BUG, fixture.readArguments(), run::toString);
      } else {
        assertEquals(List.of(), violations, run::toString);
        assertEquals(Content.OK, fixture.readArguments(), run::toString);
      }
      MigratePages.Result expected =
          variant == ExecStackVariant.TEMP_STACK_FLAG
              ? MigratePages.Result.EAGAIN
              : MigratePages.Result.MIGRATED;
      assertEquals(expected, actors.migration.get(), run::toString);
    }
  }

  /** Either of the two pauses at each of its points, while the other runs to its end. */
  @ParameterizedTest
  @EnumSource(names = {"TMP_VMA_HEAD", "TEMP_STACK_FLAG"})
  void nothingIsLostWhereverTheTwoPause(ExecStackVariant variant) {
    for (Interleaving interleaving : COMPLETE) {
      for (String pointOfM : POINTS_OF_M) {
        for (String pointOfW : POINTS_OF_W) {
          String pauses = "M:" + pointOfM + " W:" + pointOfW + " M:end W:end";
          for (String begin : List.of("begin", "cloned", "expanded")) {
            try (ExecStackFixture fixture = ExecStackFixture.of(variant, interleaving)) {
              Actors actors = new Actors(fixture);
              StepResult run =
                  actors.run("W:shiftArgPages.begin W:shiftArgPages." + begin + " " + pauses);
              assertEquals(List.of(), fixture.violations(), run::toString);
              assertEquals(Outcome.DONE, actors.exec.get(), run::toString);
              assertEquals(Content.OK, fixture.readArguments(), run::toString);
            }
          }
        }
      }
    }
  }

  /**
   * The second page table cannot be had: X is still at its old place then, where no walk looks for
   * it any more. The address space goes, and with it whatever was left behind.
   */
  @ParameterizedTest
  @EnumSource
  void aMoveThatEndsHalfWay(ExecStackVariant variant) {
    try (ExecStackFixture fixture = ExecStackFixture.of(variant, Interleaving.SHORT)) {
      long framesBefore = fixture.framesInUse();
      Actors actors = new Actors(fixture);
      AtomicReference<List<Violation>> meanwhile = new AtomicReference<>(List.of());
      StepResult run =
          actors
              .stepper(
                  "W:shiftArgPages.begin M:migrate.unmapped W:shiftArgPages.failed M:end C:end"
                      + " W:end")
              .thread("C", () -> meanwhile.set(fixture.violations()))
              .run();
      run.throwIfFailed();
      assertEquals(Outcome.ENOMEM, actors.exec.get(), run::toString);
      assertEquals(List.of(), fixture.violations(), run::toString);
      assertEquals(framesBefore, fixture.framesInUse(), run::toString);
      boolean isDangling =
          meanwhile.get().stream()
              .anyMatch(
                  violation ->
                      violation.invariant() == Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY);
      // Where migration leaves the stack alone, nothing needs to be found.
      assertEquals(variant != ExecStackVariant.TEMP_STACK_FLAG, isDangling, run::toString);
    }
  }

  /** As above, with the migration anywhere while the address space goes. */
  @ParameterizedTest
  @EnumSource
  void noFrameIsLostOrFreedTwiceWhereverAMigrationIs(ExecStackVariant variant) {
    for (String pointOfM : POINTS_OF_M) {
      for (String pointOfW :
          List.of(
              "movePageTables.extent", "shiftArgPages.expanded", "shiftArgPages.failed", "end")) {
        try (ExecStackFixture fixture = ExecStackFixture.of(variant, Interleaving.SHORT)) {
          long framesBefore = fixture.framesInUse();
          Actors actors = new Actors(fixture);
          StepResult run =
              actors.run("W:shiftArgPages.begin M:" + pointOfM + " W:" + pointOfW + " M:end W:end");
          if (actors.exec.get() == Outcome.ENOMEM) {
            assertEquals(List.of(), fixture.violations(), run::toString);
            assertEquals(framesBefore, fixture.framesInUse(), run::toString);
          }
        }
      }
    }
  }

  /**
   * Without a migration: of both pages, one that has moved and one that has not, each goes once.
   */
  @ParameterizedTest
  @EnumSource
  void noFrameIsLostOrFreedTwiceWhicheverAllocationFails(ExecStackVariant variant) {
    boolean failed = true;
    for (int nth = 1; failed; nth++) {
      String which = "allocation " + nth;
      try (Machine machine = Machine.boot(variant.applyTo(MachineConfig.small()))) {
        Process process = machine.spawn();
        long framesBefore = machine.framesInUse();
        machine.failAlloc().failNth(nth);
        try {
          process.execve(ExecStackFixture.image(Interleaving.FAR));
          failed = false;
        } catch (ErrnoException e) {
          assertEquals(framesBefore, machine.framesInUse(), which);
        }
        failed |= machine.failAlloc().disarm().size() >= nth;
        assertEquals(List.of(), machine.violations(), which);
      }
    }
  }

  /** What became of the two actors. */
  private static final class Actors {
    final AtomicReference<MigratePages.Result> migration = new AtomicReference<>();
    final AtomicReference<Outcome> exec = new AtomicReference<>();
    private final ExecStackFixture fixture;

    Actors(ExecStackFixture fixture) {
      this.fixture = fixture;
    }

    Stepper stepper(String schedule) {
      return Stepper.of(Schedule.parse(schedule))
          .thread("M", () -> migration.set(fixture.migrate()))
          .thread("W", () -> exec.set(fixture.exec()));
    }

    StepResult run(String schedule) {
      StepResult run = stepper(schedule).run();
      run.throwIfFailed();
      return run;
    }
  }
}
