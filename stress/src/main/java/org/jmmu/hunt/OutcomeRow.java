package org.jmmu.hunt;

import java.util.Locale;
import org.openjdk.jcstress.annotations.Expect;

/**
 * How often a variant had one outcome.
 *
 * @param id as the stress test names it
 * @param expect what the stress test says of it
 * @param samples how many samples ended in it
 * @param description what happened in such a sample
 */
public record OutcomeRow(String id, Expect expect, long samples, String description) {
  /** Whether the race was lost: a fix would forbid this outcome. */
  public boolean bad() {
    return expect != Expect.ACCEPTABLE;
  }

  /** The expectation in lower case: acceptable, interesting, forbidden or unknown. */
  public String grade() {
    return expect == Expect.ACCEPTABLE_INTERESTING
        ? "interesting"
        : expect.name().toLowerCase(Locale.ROOT);
  }
}
