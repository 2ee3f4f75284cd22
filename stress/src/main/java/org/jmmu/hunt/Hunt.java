package org.jmmu.hunt;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.openjdk.jcstress.infra.collectors.TestResult;

/** Runs the stress tests of some targets, all in one go because starting jcstress takes seconds. */
public final class Hunt {
  private Hunt() {}

  /**
   * Hunts.
   *
   * @param perVariant testing time of each target
   */
  public static HuntResult run(List<Target> targets, Duration perVariant, HuntListener listener)
      throws IOException {
    Instant started = Instant.now();
    List<TestResult> results = Collections.synchronizedList(new ArrayList<>());
    Plan plan;
    try (Scratch _ = new Scratch();
        Silence _ = new Silence()) {
      Harness harness = Harness.probe();
      plan = harness.plan(targets, perVariant);
      listener.starting(plan.runs().size());
      harness.run(
          plan,
          result -> {
            results.add(result);
            listener.finished(result.getName(), isCaught(result));
          });
    }
    Grader grader = new Grader(plan);
    List<TestResult> inOrder = List.copyOf(results);
    List<Finding> findings = targets.stream().map(target -> grader.grade(target, inOrder)).toList();
    return new HuntResult(
        findings, perVariant, started, Duration.between(started, Instant.now()), Host.here());
  }

  private static boolean isCaught(TestResult result) {
    return result.grading().hasInteresting || !result.grading().isPassed;
  }
}
