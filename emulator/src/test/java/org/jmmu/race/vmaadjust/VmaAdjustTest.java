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
import org.junit.jupiter.api.TestFactory;

/** Steps every variant along every interleaving: the table of the package documentation. */
class VmaAdjustTest {
  /** Walk 1 is over and walk 2 runs with the change at the point where it hurts most. */
  private static String schedule(Interleaving interleaving) {
    return switch (interleaving) {
      case TORN_PAIR, FORKED -> "M:migrate.unmapped W:vmaAdjust.vm_start M:end W:end";
      case GAP -> "M:migrate.unmapped W:vmaAdjust.vm_pgoff M:end W:end";
      // Walk 2 has looked at N, the first on the list, and is about to look at V.
      case SHIFT -> "M:migrate.copied M:rmapWalk.vma*2 W:end M:end";
      case UNTOUCHED_NEIGHBOUR -> "M:migrate.unmapped W:vmaAdjust.next.vm_start M:end W:end";
    };
  }

  /** Where a dangling entry is left behind. */
  private static Set<Interleaving> lost(VmaAdjustVariant variant) {
    return switch (variant) {
      case NONE -> Set.of(Interleaving.values());
      case SEQ_ADDR -> Set.of(Interleaving.SHIFT);
      case ROOT_ONLY_SKIP_NEXT -> Set.of(Interleaving.UNTOUCHED_NEIGHBOUR);
      case ROOT_ONLY -> Set.of();
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

  private static void step(VmaAdjustVariant variant, Interleaving interleaving) {
    try (VmaAdjustFixture fixture = VmaAdjustFixture.of(variant.protocol(), interleaving)) {
      StepResult run =
          Stepper.of(Schedule.parse(schedule(interleaving)))
              .thread("M", fixture::migrate)
              .thread("W", fixture::adjust)
              .run();
      run.throwIfFailed();
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
    }
  }
}
