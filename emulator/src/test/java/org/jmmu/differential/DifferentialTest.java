package org.jmmu.differential;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jmmu.differential.Differential.Difference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The emulator against the kernel of the host. System properties ask for another first seed, and
 * for more calls than the few that every build makes.
 */
class DifferentialTest {
  private static final String SEED = "jmmu.differential.seed";
  private static final String CALLS = "jmmu.differential.calls";
  private static final String FEATURES = "jmmu.differential.features";
  private static final String DIFFERENCES = "jmmu.differential.differences";
  private static final int CALLS_PER_SEED = 500;

  /** What the emulator is compared by. */
  private static final Set<Feature> SUPPORTED = EnumSet.allOf(Feature.class);

  private final long firstSeed = Long.getLong(SEED, 0);
  private final long nrCalls = Long.getLong(CALLS, 20_000);
  private final Set<Feature> features = features(System.getProperty(FEATURES));
  private final Set<Observation> observations = Feature.observations(features);
  private final int wantedDifferences = Integer.getInteger(DIFFERENCES, 1);

  @Test
  @Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyCallEndsAsOnTheHost(@TempDir Path directory) throws IOException, InterruptedException {
    StringBuilder differences = new StringBuilder();
    int nrDifferences = 0;
    try (HostSide host = HostSide.start(directory, observations)) {
      Differential differential = new Differential(host, new EmulatorSide(observations));
      long startNanos = System.nanoTime();
      long seeds = Math.ceilDiv(nrCalls, CALLS_PER_SEED);
      for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
        List<Call> calls = new CallGenerator(seed, features, CALLS_PER_SEED).generate();
        Difference difference = differential.compare(calls);
        if (difference != null) {
          differences.append(report(seed, differential, difference));
          if (++nrDifferences == wantedDifferences) {
            break;
          }
        }
      }
      double seconds = (System.nanoTime() - startNanos) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "%d calls of %d seeds in %.1f s, %.0f calls/s%n",
          seeds * CALLS_PER_SEED,
          seeds,
          seconds,
          seeds * CALLS_PER_SEED / seconds);
    }
    if (nrDifferences > 0) {
      fail(differences.toString());
    }
  }

  /** Those that the emulator is compared by, or those that are named. */
  private static Set<Feature> features(@Nullable String names) {
    if (names == null) {
      return SUPPORTED;
    }
    Set<Feature> features = EnumSet.noneOf(Feature.class);
    for (String name : names.isEmpty() ? new String[0] : names.split(",", -1)) {
      features.add(Feature.valueOf(name));
    }
    return features;
  }

  private String report(long seed, Differential differential, Difference difference) {
    Difference small = differential.shrink(difference);
    return String.format(
        Locale.ROOT,
        "seed %d differs at call %d; shrunk to %d:%n%s"
            + "again: mvn -pl emulator test -Dtest=DifferentialTest -D%s=%d -D%s=%d -D%s=%s%n",
        seed,
        difference.calls().size(),
        small.calls().size(),
        differential.describe(small),
        SEED,
        seed,
        CALLS,
        CALLS_PER_SEED,
        FEATURES,
        String.join(",", features.stream().map(Feature::name).toList()));
  }
}
