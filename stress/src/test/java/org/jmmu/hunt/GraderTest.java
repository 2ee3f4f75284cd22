package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.infra.runners.TestList;
import org.openjdk.jcstress.os.AffinityMode;
import org.openjdk.jcstress.os.NodeType;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.vm.CompileMode;

/** Results as jcstress could have made them, of the first broken variant and the first fix. */
class GraderTest {
  /** A fork runs 5 s. */
  private static final Budget BUDGET = new Budget(2, 5, 1_000);

  private static final Target BROKEN = firstTarget(true);
  private static final Target FIX = firstTarget(false);

  @SuppressWarnings("NullAway.Init")
  private static Options options;

  @BeforeAll
  static void parseOptions() throws IOException {
    try (Silence _ = new Silence()) {
      options = Harness.options(BUDGET);
    }
  }

  @Test
  void runsAreAddedUp() {
    Finding finding = grade(BROKEN, normal(BROKEN, 0, 100, 0), normal(BROKEN, 1, 50, 3));
    assertEquals(153, finding.samples());
    assertEquals(3, finding.bad());
    assertEquals(10, finding.tested().toSeconds());
    assertTrue(finding.asExpected(), () -> finding.troubles().toString());
  }

  @Test
  void runsBeforeTheFirstWitnessCountAsWaiting() {
    TestResult second = normal(BROKEN, 1, 50, 3);
    second.addVMOuts(List.of("jmmu.witness millis=20 samples=7"));
    assertEquals(
        new FirstWitness(5_020, 107),
        grade(BROKEN, normal(BROKEN, 0, 100, 0), second).firstWitness());
  }

  @Test
  void fixThatIsCaughtIsNotAsExpected() {
    assertTrue(grade(FIX, normal(FIX, 0, 100, 0), normal(FIX, 1, 100, 0)).asExpected());
    Finding caught = grade(FIX, normal(FIX, 0, 100, 0), normal(FIX, 1, 100, 1));
    assertEquals("CAUGHT", caught.seen());
    assertFalse(caught.asExpected());
  }

  @Test
  void outcomeThatTheTestDoesNotKnowIsTrouble() {
    TestResult odd = normal(BROKEN, 1, 50, 3);
    odd.addState("odd", 1);
    Finding finding = grade(BROKEN, normal(BROKEN, 0, 100, 0), odd);
    assertFalse(finding.asExpected());
    assertTrue(finding.troubles().getFirst().startsWith("the outcome 'odd'"));
  }

  @Test
  void runWithoutResultIsTrouble() {
    assertEquals(
        List.of("1 of 2 runs gave no result"), grade(FIX, normal(FIX, 0, 100, 0)).troubles());
    assertEquals(List.of("the stress test gave no result"), grade(FIX).troubles());
  }

  @Test
  void failedRunIsTroubleWithItsReason() {
    TestResult failed = result(FIX, 1, Status.TEST_ERROR);
    failed.addMessage("java.lang.IllegalStateException: boom");
    Finding finding = grade(FIX, normal(FIX, 0, 100, 0), failed);
    assertFalse(finding.asExpected());
    assertEquals(
        List.of("run 2: TEST_ERROR", "  java.lang.IllegalStateException: boom"),
        finding.troubles());
  }

  @Test
  void obstacleIsTheReason() {
    Plan plan = new Plan(List.of(), BUDGET, Map.of(FIX, "needs 3 CPUs, there are 2"));
    assertEquals(
        List.of("needs 3 CPUs, there are 2"), new Grader(plan).grade(FIX, List.of()).troubles());
  }

  private static Finding grade(Target target, TestResult... results) {
    Plan plan = new Plan(List.of(alone(target, 0), alone(target, 1)), BUDGET, Map.of());
    return new Grader(plan).grade(target, List.of(results));
  }

  private static TestResult normal(Target target, int fork, long good, long bad) {
    TestResult result = result(target, fork, Status.NORMAL);
    boolean broken = target.variant().verdict().catchable();
    result.addState(outcome(target, Expect.ACCEPTABLE), good);
    if (bad > 0) {
      result.addState(
          outcome(target, broken ? Expect.ACCEPTABLE_INTERESTING : Expect.FORBIDDEN), bad);
    }
    return result;
  }

  private static TestResult result(Target target, int fork, Status status) {
    TestResult result = new TestResult(status);
    result.setConfig(config(target, fork));
    return result;
  }

  private static Group alone(Target target, int fork) {
    TestConfig config = config(target, fork);
    return new Group(List.of(), config, List.of(config));
  }

  private static TestConfig config(Target target, int fork) {
    TestInfo test = TestList.getInfo(target.testName());
    return new TestConfig(
        options,
        test,
        fork,
        List.of(),
        CompileMode.UNIFIED,
        new SchedulingClass(AffinityMode.NONE, test.threads(), NodeType.PACKAGE));
  }

  private static String outcome(Target target, Expect expect) {
    return TestList.getInfo(target.testName()).cases().stream()
        .filter(row -> row.expect() == expect)
        .map(StateCase::matchPattern)
        .findFirst()
        .orElseThrow();
  }

  private static Target firstTarget(boolean broken) {
    return Catalogue.load().select(List.of()).stream()
        .filter(target -> target.variant().verdict().catchable() == broken)
        .findFirst()
        .orElseThrow();
  }
}
