package org.jmmu.hunt;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A whole hunt.
 *
 * @param findings one per target, in the order they were named
 * @param perVariant the testing time asked for
 * @param started when
 * @param took start-up and all
 * @param host where, and how busy it was at the end
 */
public record HuntResult(
    List<Finding> findings, Duration perVariant, Instant started, Duration took, Host host) {
  /** Whether every finding is. */
  public boolean asExpected() {
    return findings.stream().allMatch(Finding::asExpected);
  }
}
