package org.jmmu.hunt;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
  /** The same with what searches over schedules came to. */
  public HuntResult with(Map<Target, Verification> verifications) {
    List<Finding> all = new ArrayList<>();
    for (Finding finding : findings) {
      Verification verification = verifications.get(finding.target());
      all.add(verification == null ? finding : finding.with(verification));
    }
    Duration since = Duration.between(started, Instant.now());
    return new HuntResult(List.copyOf(all), perVariant, started, since, host);
  }

  /** Whether every finding is. */
  public boolean asExpected() {
    return findings.stream().allMatch(Finding::asExpected);
  }
}
