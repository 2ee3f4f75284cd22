package org.jmmu.race.mremappeek;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jmmu.check.Violation;
import org.jmmu.migrate.MigratePages;
import org.jmmu.race.mremappeek.MremapPeekFixture.Content;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps every variant along every interleaving: the table of the package documentation. */
class MremapPeekTest {
  private static final List<String> POINTS_OF_M =
      List.of(
          "migrate.copied M:rmapWalk.vma",
          "migrate.copied M:rmapWalk.vma*2",
          "migrate.copied M:rmapWalk.vma*3",
          "migrate.copied M:removeMigrationPte.peeked",
          "migrate.copied M:removeMigrationPte.peeked*2",
          "rmapWalk.vma*2",
          "vmaAddress.computed*2",
          "migrate.unmapped");
  private static final List<String> POINTS_OF_W =
      List.of("moveVma.copied", "movePtes.cleared", "movePageTables.extent", "moveVma.moved");

  /** Walk 2 looks while the entry is on its way, or on either side of its way. */
  private static String schedule(Interleaving interleaving) {
    return switch (interleaving) {
      case BEHIND -> "W:moveVma.copied M:migrate.copied W:movePtes.cleared M:end W:end";
      // Walk 2 has looked at the destination, and is about to look at the source.
      case BEFORE ->
          "W:moveVma.copied M:migrate.copied M:rmapWalk.vma*2 W:moveVma.moved M:end W:end";
    };
  }

  /** Where a dangling entry is left behind. */
  private static Set<Interleaving> lost(MremapPeekVariant variant) {
    return switch (variant) {
      case PEEK -> Set.of(Interleaving.BEHIND, Interleaving.BEFORE);
      case PTL_FIRST -> Set.of(Interleaving.BEFORE);
      case RMAP_LOCKS -> Set.of();
    };
  }

  @TestFactory
  Stream<DynamicTest> steps() {
    return Stream.of(MremapPeekVariant.values())
        .flatMap(
            variant ->
                Stream.of(Interleaving.values())
                    .map(
                        interleaving ->
                            DynamicTest.dynamicTest(
                                variant + " " + interleaving.id(),
                                () -> step(variant, interleaving))));
  }

  private static void step(MremapPeekVariant variant, Interleaving interleaving) {
    try (MremapPeekFixture fixture = MremapPeekFixture.of(variant, interleaving)) {
      StepResult run = run(fixture, schedule(interleaving));
      List<Violation> violations = fixture.violations();
      if (lost(variant).contains(interleaving)) {
        assertEquals(1, violations.size(), () -> violations + "\n" + run);
        Violation dangling = violations.getFirst();
        assertEquals(Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY, dangling.invariant());
        String where = "at 0x" + Long.toHexString(fixture.newVaddrOfX());
        assertTrue(dangling.where().contains(where), () -> dangling + ", not " + where);
        assertEquals(Content.BUG, fixture.readX(), run::toString);
      } else {
        assertEquals(List.of(), violations, run::toString);
        assertEquals(Content.OK, fixture.readX(), run::toString);
      }
    }
  }

  /** Either of the two pauses at each of its points, while the other runs to its end. */
  @ParameterizedTest
  @EnumSource
  void noOtherLayoutIsLostWhereverTheTwoPause(MremapPeekVariant variant) {
    for (Interleaving interleaving : Interleaving.values()) {
      for (String pointOfM : POINTS_OF_M) {
        for (String pointOfW : POINTS_OF_W) {
          String pauses = "M:" + pointOfM + " W:" + pointOfW + " M:end W:end";
          for (String schedule : List.of(pauses, "W:moveVma.copied " + pauses)) {
            try (MremapPeekFixture fixture = MremapPeekFixture.of(variant, interleaving)) {
              StepResult run = run(fixture, schedule);
              if (!lost(variant).contains(interleaving)) {
                assertEquals(List.of(), fixture.violations(), () -> interleaving + "\n" + run);
                assertEquals(Content.OK, fixture.readX(), () -> interleaving + "\n" + run);
              }
            }
          }
        }
      }
    }
  }

  /** The entry has gone to the destination, which walk 1 visited before: it stays as it is. */
  @ParameterizedTest
  @EnumSource(names = {"PEEK", "PTL_FIRST"})
  void aFirstWalkThatMissesTheEntryGivesUp(MremapPeekVariant variant) {
    try (MremapPeekFixture fixture = MremapPeekFixture.of(variant, Interleaving.BEFORE)) {
      MigratePages.Result[] result = {null};
      StepResult run =
          Stepper.of(
                  Schedule.parse("W:moveVma.copied M:rmapWalk.vma*2 W:moveVma.moved M:end W:end"))
              .thread("M", () -> result[0] = fixture.migrate())
              .thread("W", fixture::mremap)
              .run();
      run.throwIfFailed();
      assertEquals(MigratePages.Result.EAGAIN, result[0], run::toString);
      assertEquals(List.of(), fixture.violations(), run::toString);
      assertEquals(Content.OK, fixture.readX(), run::toString);
    }
  }

  private static StepResult run(MremapPeekFixture fixture, String schedule) {
    StepResult run =
        Stepper.of(Schedule.parse(schedule))
            .thread("M", fixture::migrate)
            .thread("W", fixture::mremap)
            .run();
    run.throwIfFailed();
    return run;
  }
}
