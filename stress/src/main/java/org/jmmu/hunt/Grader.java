package org.jmmu.hunt;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import org.openjdk.jcstress.infra.grading.ReportUtils;

/** Makes findings of results. What an outcome is worth is jcstress's word alone. */
final class Grader {
  /** Of what jcstress says about a failed run, the part that names the cause. */
  private static final int LINES_PER_FAILURE = 8;

  /** What jcstress says of a JVM that ended by SIGKILL. */
  private static final String KILLED = "error code 137";

  private static final String WHO_KILLS = " (killed: by us because it hung, or for want of memory)";

  private final Plan plan;

  Grader(Plan plan) {
    this.plan = plan;
  }

  /**
   * Judges one target.
   *
   * @param results of all targets, in the order they came in
   */
  Finding grade(Target target, List<TestResult> results) {
    String obstacle = plan.obstacles().get(target);
    if (obstacle != null) {
      return Finding.nothing(target, obstacle);
    }
    List<TestResult> ours =
        results.stream().filter(result -> result.getName().equals(target.testName())).toList();
    if (ours.isEmpty()) {
      return Finding.nothing(target, "the stress test gave no result");
    }

    List<OutcomeRow> outcomes = new ArrayList<>();
    List<String> troubles = new ArrayList<>();
    if (ours.size() < plan.runsOf(target)) {
      troubles.add(
          "%d of %d runs gave no result"
              .formatted(plan.runsOf(target) - ours.size(), plan.runsOf(target)));
    }
    ours.stream()
        .filter(result -> result.status() != Status.NORMAL)
        .forEach(result -> troubles.addAll(failure(result)));

    TestResult merged = ReportUtils.mergedByName(ours).getFirst();
    for (GradingResult row : merged.grading().gradingResults.values()) {
      outcomes.add(new OutcomeRow(row.id, row.expect, row.count, row.description));
      boolean fatal = row.expect == Expect.FORBIDDEN || row.expect == Expect.UNKNOWN;
      if (fatal && row.count > 0 && target.variant().verdict().catchable()) {
        troubles.add(
            "the outcome '%s' is not one of this race: %s".formatted(row.id, row.description));
      }
    }
    if (merged.getTotalCount() == 0) {
      troubles.add("not a single sample");
    }
    long runs = ours.stream().filter(result -> result.getTotalCount() > 0).count();
    Duration tested = plan.budget().fork().multipliedBy(runs);
    return new Finding(
        target,
        List.copyOf(outcomes),
        tested,
        firstWitness(ours),
        Measured.in(ours.stream().flatMap(result -> result.getVmOut().stream()).toList()),
        List.copyOf(troubles),
        null);
  }

  /** Runs before the one that saw it count as waiting time. */
  private @Nullable FirstWitness firstWitness(List<TestResult> inOrder) {
    long millis = 0;
    long samples = 0;
    for (TestResult result : inOrder) {
      FirstWitness witness = FirstWitness.in(result.getVmOut());
      if (witness != null) {
        return witness.after(millis, samples);
      }
      millis += plan.budget().fork().toMillis();
      samples += result.getTotalCount();
    }
    return null;
  }

  private static List<String> failure(TestResult result) {
    List<String> lines = new ArrayList<>();
    lines.add("run %d: %s".formatted(result.getConfig().forkId + 1, result.status()));
    result.getMessages().stream()
        .flatMap(String::lines)
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .limit(LINES_PER_FAILURE)
        .forEach(line -> lines.add("  " + line + (line.endsWith(KILLED) ? WHO_KILLS : "")));
    result.getVmErr().stream()
        .flatMap(String::lines)
        .filter(line -> !line.isBlank())
        .limit(LINES_PER_FAILURE)
        .forEach(line -> lines.add("  " + line));
    return lines;
  }
}
