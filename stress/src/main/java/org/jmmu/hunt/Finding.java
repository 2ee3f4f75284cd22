package org.jmmu.hunt;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the runs of one variant showed.
 *
 * @param target the variant
 * @param outcomes all its outcomes, those never seen too
 * @param tested the testing time
 * @param firstWitness when the race was seen first; null if it was not, or nobody looked
 * @param measures what its samples have beside their outcomes; often nothing
 * @param troubles why the runs cannot be trusted, a line each; empty if they can
 * @param verification what a search over schedules came to; null if there was none
 */
public record Finding(
    Target target,
    List<OutcomeRow> outcomes,
    Duration tested,
    @Nullable FirstWitness firstWitness,
    List<Measured> measures,
    List<String> troubles,
    @Nullable Verification verification) {

  /** Says that no run was possible. */
  static Finding nothing(Target target, String reason) {
    return new Finding(target, List.of(), Duration.ZERO, null, List.of(), List.of(reason), null);
  }

  /** The same with what a search over schedules came to. */
  Finding with(Verification searched) {
    return new Finding(target, outcomes, tested, firstWitness, measures, troubles, searched);
  }

  /** The measures for people; empty without any. */
  public String notes() {
    return measures.stream().map(Measured::text).collect(joining("; "));
  }

  /** Whether a schedule was found that loses the race, and should not be there. */
  public boolean isRefuted() {
    return verification != null
        && verification.found() != null
        && !target.variant().verdict().catchable();
  }

  /** How many samples there were. */
  public long samples() {
    return outcomes.stream().mapToLong(OutcomeRow::samples).sum();
  }

  /** In how many samples the race was lost. */
  public long bad() {
    return outcomes.stream().filter(OutcomeRow::bad).mapToLong(OutcomeRow::samples).sum();
  }

  /** Whether the race was lost at least once. */
  public boolean caught() {
    return bad() > 0;
  }

  /** In one word. */
  public String seen() {
    if (samples() == 0) {
      return "nothing";
    }
    return caught() ? "CAUGHT" : "survived";
  }

  /** Whether the runs can be trusted and showed what the variant's verdict says. */
  public boolean asExpected() {
    return troubles.isEmpty()
        && samples() > 0
        && !isRefuted()
        && caught() == target.variant().verdict().catchable();
  }

  /** The rate of the samples, or 0 without any. */
  public double samplesPerSecond() {
    return tested.isZero() ? 0 : samples() * 1e9 / tested.toNanos();
  }

  /**
   * The rule of three: if none of n samples was bad, then with 95 % confidence fewer than 3/n of
   * all samples are. Null if some was, or there was none.
   */
  public @Nullable Double upperBound95() {
    return caught() || samples() == 0 ? null : 3.0 / samples();
  }
}
