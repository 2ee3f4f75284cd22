package org.jmmu.race.uffdmove;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.jmmu.race.uffdmove.UffdMoveFixture.Walk;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps every variant along every interleaving: the table of the package documentation. */
class UffdMoveTest {
  private static final List<String> POINTS_OF_R =
      List.of(
          "folioLockAnonVmaRead.mapping",
          "folioLockAnonVmaRead.mapping*2",
          "folioLockAnonVmaRead.tried",
          "folioLockAnonVmaRead.pinned",
          "walkUnlocked.index",
          "vmaAddress.computed");
  private static final List<String> POINTS_OF_M =
      List.of(
          "movePages.looked",
          "movePresentPte.locked",
          "movePresentPte.mapping",
          "movePresentPte.index",
          "end");

  /** The interleavings of the story. */
  private enum Story {
    /** The lock is got at once, after the move. */
    A(Interleaving.TRYING, "R:folioLockAnonVmaRead.mapping M:end R:end"),
    /** The same, and the old anon_vma is somebody else's by then. */
    B(Interleaving.REUSED, "R:folioLockAnonVmaRead.mapping M:end R:end"),
    /** The mover has the lock; the walk waits for it. */
    C(
        Interleaving.WAITING,
        "R:folioLockAnonVmaRead.mapping M:movePresentPte.locked R:folioLockAnonVmaRead.pinned"
            + " M:end R:end"),
    /** Between the mover's stores of mapping and of index. */
    D(Interleaving.TRYING, "M:movePresentPte.mapping R:end M:end");

    private final Interleaving interleaving;
    private final String schedule;

    Story(Interleaving interleaving, String schedule) {
      this.interleaving = interleaving;
      this.schedule = schedule;
    }
  }

  /** What becomes of the walk. */
  private static Walk expected(UffdMoveVariant variant, Story story) {
    return switch (variant) {
      case NO_RECHECK ->
          switch (story) {
            case A, C -> Walk.STALE;
            case B -> Walk.REUSED;
            case D -> Walk.MISSED;
          };
      case SLOW_ONLY ->
          switch (story) {
            case A -> Walk.STALE;
            case B -> Walk.REUSED;
            case C -> Walk.FOUND;
            case D -> Walk.MISSED;
          };
      case BOTH -> story == Story.D ? Walk.MISSED : Walk.FOUND;
      case BOTH_INDEX_FIRST -> Walk.FOUND;
      case FOLIO_LOCK -> story == Story.D ? Walk.GAVE_UP : Walk.FOUND;
    };
  }

  @TestFactory
  Stream<DynamicTest> steps() {
    return Stream.of(UffdMoveVariant.values())
        .flatMap(
            variant ->
                Stream.of(Story.values())
                    .map(
                        story ->
                            DynamicTest.dynamicTest(
                                variant + " 2-" + story, () -> step(variant, story))));
  }

  private static void step(UffdMoveVariant variant, Story story) {
    try (UffdMoveFixture fixture = UffdMoveFixture.of(variant, story.interleaving)) {
      StepResult run = run(fixture, story.schedule);
      assertEquals(expected(variant, story), fixture.result(), run::toString);
      assertTrue(fixture.isMoved(), run::toString);
      assertEquals(List.of(), fixture.violations(), run::toString);
    }
  }

  /** Either of the two pauses at each of its points, while the other runs to its end. */
  @ParameterizedTest
  @EnumSource(names = {"BOTH", "BOTH_INDEX_FIRST", "FOLIO_LOCK"})
  void noFixGoesAstrayWhereverTheTwoPause(UffdMoveVariant variant) {
    for (Interleaving interleaving : Interleaving.values()) {
      for (String pointOfR : POINTS_OF_R) {
        for (String pointOfM : POINTS_OF_M) {
          String r = "R:" + pointOfR;
          String m = " M:" + pointOfM;
          for (String start : List.of(r + m, m + " " + r)) {
            try (UffdMoveFixture fixture = UffdMoveFixture.of(variant, interleaving)) {
              StepResult run = run(fixture, start + " R:end M:end");
              Walk walk = fixture.result();
              boolean known = variant == UffdMoveVariant.BOTH && walk == Walk.MISSED;
              assertTrue(
                  known || walk == Walk.FOUND || walk == Walk.GAVE_UP,
                  () -> interleaving + " " + walk + "\n" + run);
              assertEquals(List.of(), fixture.violations(), run::toString);
            }
          }
        }
      }
    }
  }

  /** 2-E: two movers want the same page; the page lock decides. */
  @ParameterizedTest
  @EnumSource
  void ofTwoMoversOneFindsAHole(UffdMoveVariant variant) {
    try (UffdMoveFixture fixture = UffdMoveFixture.of(variant, Interleaving.TRYING)) {
      StepResult run =
          Stepper.of(Schedule.parse("M:movePresentPte.mapping N:end M:end N:end"))
              .thread("M", fixture::move)
              .thread("N", () -> assertMovesNothing(fixture))
              .run();
      run.throwIfFailed();
      assertTrue(fixture.isMoved(), run::toString);
      assertFalse(fixture.isMovedElsewhere(), run::toString);
      assertEquals(List.of(), fixture.violations(), run::toString);
    }
  }

  private static void assertMovesNothing(UffdMoveFixture fixture) {
    ErrnoException e = assertThrows(ErrnoException.class, fixture::moveElsewhere);
    assertEquals(Errno.ENOENT, e.errno());
  }

  /** 2-F: fork waits for a move that is under way. */
  @ParameterizedTest
  @EnumSource
  void forkComesAfterTheMove(UffdMoveVariant variant) {
    try (UffdMoveFixture fixture = UffdMoveFixture.of(variant, Interleaving.TRYING)) {
      StepResult run =
          Stepper.of(Schedule.parse("M:movePresentPte.mapping F:end M:end F:end"))
              .thread("M", fixture::move)
              .thread("F", fixture::fork)
              .run();
      run.throwIfFailed();
      assertTrue(fixture.isMoved(), run::toString);
      assertEquals(List.of(), fixture.violations(), run::toString);
    }
  }

  /** 2-F, the other way round: a page that a child has is not moved. */
  @ParameterizedTest
  @EnumSource
  void aPageThatForkSharesIsNotMoved(UffdMoveVariant variant) {
    try (UffdMoveFixture fixture = UffdMoveFixture.of(variant, Interleaving.TRYING)) {
      Throwable[] thrown = {null};
      StepResult run =
          Stepper.of(Schedule.parse("F:dupMmap.vma M:end F:end M:end"))
              .thread("M", () -> thrown[0] = thrownBy(fixture::move))
              .thread("F", fixture::fork)
              .run();
      run.throwIfFailed();
      ErrnoException e = assertInstanceOf(ErrnoException.class, thrown[0], run::toString);
      assertEquals(Errno.EBUSY, e.errno());
      assertEquals(List.of(), fixture.violations(), run::toString);
    }
  }

  private static Throwable thrownBy(Runnable body) {
    return assertThrows(Throwable.class, body::run);
  }

  private static StepResult run(UffdMoveFixture fixture, String schedule) {
    StepResult run =
        Stepper.of(Schedule.parse(schedule))
            .thread("R", fixture::walk)
            .thread("M", fixture::move)
            .run();
    run.throwIfFailed();
    return run;
  }
}
