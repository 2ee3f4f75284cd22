package org.jmmu.race.vmaadjust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jmmu.check.Violation;
import org.jmmu.race.vmaadjust.VmaAdjustFixture.Content;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps every variant along every interleaving: the table of the package documentation. */
class VmaAdjustTest {
  private static final List<String> POINTS_OF_W =
      List.of(
          "vmaAdjust.begin",
          "vmaAdjust.vm_start",
          "vmaAdjust.vm_end",
          "vmaAdjust.vm_pgoff",
          "vmaAdjust.next.vm_start",
          "vmaAdjust.done",
          "end");

  /** Walk 1 is over and walk 2 runs with the change at the point where it hurts most. */
  private static String schedule(Interleaving interleaving) {
    return switch (interleaving) {
      case TORN_PAIR, FORKED -> "M:migrate.unmapped W:vmaAdjust.vm_start M:end W:end";
      case GAP -> "M:migrate.unmapped W:vmaAdjust.vm_pgoff M:end W:end";
      // Walk 2 has looked at N, the first on the list, and is about to look at V.
      case SHIFT -> "M:migrate.copied M:rmapWalk.vma*2 W:end M:end";
      // The same, with the parent's VMA first on the list.
      case FORKED_SHIFT -> "M:migrate.copied M:rmapWalk.vma*3 W:end M:end";
      case UNTOUCHED_NEIGHBOUR -> "M:migrate.unmapped W:vmaAdjust.next.vm_start M:end W:end";
    };
  }

  /** Where a dangling entry is left behind. */
  private static Set<Interleaving> lost(VmaAdjustVariant variant) {
    return switch (variant) {
      case NONE -> Set.of(Interleaving.values());
      case SEQ_ADDR, SEQ_ADDR_RANGE -> Set.of(Interleaving.SHIFT, Interleaving.FORKED_SHIFT);
      case TRYLOCK_RESTART, ROOT_ORDERED ->
          Set.of(Interleaving.UNTOUCHED_NEIGHBOUR, Interleaving.FORKED_SHIFT);
      case ROOT_ONLY_SKIP_NEXT -> Set.of(Interleaving.UNTOUCHED_NEIGHBOUR);
      case SEQ_WALK, ROOT_ONLY_SKIP_END, ROOT_ONLY, RWSEM_INTERVAL -> Set.of();
    };
  }

  @TestFactory
  Stream<DynamicTest> steps() {
    return Stream.of(VmaAdjustVariant.values())
        .flatMap(
            variant ->
                Stream.of(Interleaving.values())
                    .map(
                        interleaving ->
                            DynamicTest.dynamicTest(
                                variant + " " + interleaving.id() + " " + interleaving,
                                () -> step(variant, interleaving))));
  }

  /** How often walk 2 starts over on that schedule. */
  private static long restarts(VmaAdjustVariant variant, Interleaving interleaving) {
    boolean changedBehindTheWalk =
        interleaving == Interleaving.SHIFT || interleaving == Interleaving.FORKED_SHIFT;
    return switch (variant) {
      case SEQ_WALK -> changedBehindTheWalk ? 1 : 0;
      case TRYLOCK_RESTART -> interleaving == Interleaving.FORKED ? 1 : 0;
      default -> 0;
    };
  }

  private static void step(VmaAdjustVariant variant, Interleaving interleaving) {
    try (VmaAdjustFixture fixture = VmaAdjustFixture.of(variant.protocol(), interleaving)) {
      StepResult run = run(fixture, schedule(interleaving));
      List<Violation> violations = fixture.violations();
      if (lost(variant).contains(interleaving)) {
        assertEquals(1, violations.size(), () -> violations + "\n" + run);
        Violation dangling = violations.getFirst();
        assertEquals(Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY, dangling.invariant());
        String where = "at 0x" + Long.toHexString(fixture.vaddrOfX());
        assertTrue(dangling.where().contains(where), () -> dangling + ", not " + where);
        assertEquals(Content.BUG, fixture.readX(), run::toString);
      } else {
        assertEquals(List.of(), violations, run::toString);
        assertEquals(Content.OK, fixture.readX(), run::toString);
      }
      assertEquals(restarts(variant, interleaving), fixture.restarts(), run::toString);
    }
  }

  /** Walk 2 pauses within each of its looks, the change at each of its points. */
  @ParameterizedTest
  @EnumSource
  void noOtherLayoutIsLostWhereverTheTwoPause(VmaAdjustVariant variant) {
    for (Interleaving interleaving : Interleaving.values()) {
      for (int look = 1; look <= 3; look++) {
        for (String point : POINTS_OF_W) {
          String schedule =
              "M:migrate.copied M:vmaAddress.computed*" + look + " W:" + point + " M:end W:end";
          try (VmaAdjustFixture fixture = VmaAdjustFixture.of(variant.protocol(), interleaving)) {
            StepResult run = run(fixture, schedule);
            if (!lost(variant).contains(interleaving)) {
              assertEquals(List.of(), fixture.violations(), () -> interleaving + "\n" + run);
            }
          }
        }
      }
    }
  }

  /** N's look begins before the change and ends within it; V's has to wait. */
  @Test
  void comparisonOutsideTheLoopMakesTheWindowOfTheShiftWider() {
    String schedule = "M:migrate.copied M:vmaAddress.computed W:vmaAdjust.vm_end M:end W:end";
    assertEquals("dangling", verdict(VmaAdjustVariant.SEQ_ADDR, schedule));
    assertEquals("sound", verdict(VmaAdjustVariant.SEQ_ADDR_RANGE, schedule));
  }

  private static String verdict(VmaAdjustVariant variant, String schedule) {
    try (VmaAdjustFixture fixture = VmaAdjustFixture.of(variant.protocol(), Interleaving.SHIFT)) {
      StepResult run = run(fixture, schedule);
      return run.failures().isEmpty() ? fixture.verdict() : run.toString();
    }
  }

  private static StepResult run(VmaAdjustFixture fixture, String schedule) {
    StepResult run =
        Stepper.of(Schedule.parse(schedule))
            .thread("M", fixture::migrate)
            .thread("W", fixture::adjust)
            .run();
    run.throwIfFailed();
    return run;
  }
}
