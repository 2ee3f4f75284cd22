package org.jmmu.differential;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jmmu.differential.Differential.Difference;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Compares the sequences of some seeds, and fails with the differences found. System properties ask
 * for another first seed, more calls, and fewer features.
 */
final class Seeds {
  private static final String SEED = "jmmu.differential.seed";
  private static final String CALLS = "jmmu.differential.calls";
  private static final String FEATURES = "jmmu.differential.features";
  private static final String DIFFERENCES = "jmmu.differential.differences";
  private static final int CALLS_PER_SEED = 500;

  /** How often the host may contradict itself before nothing can be said. */
  private static final int MAX_DISTURBED = 20;

  private final String test;
  private final long firstSeed = Long.getLong(SEED, 0);
  private final long nrCalls;
  private Set<Feature> features;
  private final int wantedDifferences = Integer.getInteger(DIFFERENCES, 1);

  /**
   * @param test the one that repeats a difference
   * @param nrCalls if no property says how many
   * @param supported what the emulator is compared by, unless a property names fewer
   */
  Seeds(String test, long nrCalls, Set<Feature> supported) {
    this.test = test;
    this.nrCalls = Long.getLong(CALLS, nrCalls);
    features = features(System.getProperty(FEATURES), supported);
  }

  private static Set<Feature> features(@Nullable String names, Set<Feature> supported) {
    if (names == null) {
      return supported;
    }
    Set<Feature> features = EnumSet.noneOf(Feature.class);
    for (String name : names.isEmpty() ? new String[0] : names.split(",", -1)) {
      features.add(Feature.valueOf(name));
    }
    return features;
  }

  /** Leaves out what cannot be compared. */
  void without(Feature feature) {
    features = EnumSet.copyOf(features);
    features.remove(feature);
  }

  Set<Observation> observations() {
    return Feature.observations(features);
  }

  void compare(Differential differential) {
    StringBuilder differences = new StringBuilder();
    int nrDifferences = 0;
    int nrDisturbed = 0;
    long startNanos = System.nanoTime();
    long seeds = Math.ceilDiv(nrCalls, CALLS_PER_SEED);
    long seed = firstSeed;
    while (seed < firstSeed + seeds) {
      List<Call> calls = new CallGenerator(seed, features, CALLS_PER_SEED).generate();
      Difference difference = differential.compare(calls);
      if (difference != null && !differential.isSteady(difference)) {
        if (++nrDisturbed == MAX_DISTURBED) {
          throw new TestAbortedException(
              "others use what is compared: the host contradicts itself");
        }
        continue;
      }
      if (difference != null) {
        differences.append(report(seed, differential, difference));
        if (++nrDifferences == wantedDifferences) {
          break;
        }
      }
      seed++;
    }
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%d calls of %d seeds in %.1f s, %.0f calls/s%n",
        seeds * CALLS_PER_SEED,
        seeds,
        seconds,
        seeds * CALLS_PER_SEED / seconds);
    if (nrDifferences > 0) {
      fail(differences.toString());
    }
  }

  private String report(long seed, Differential differential, Difference difference) {
    Difference small = differential.shrink(difference);
    return String.format(
        Locale.ROOT,
        "seed %d differs at call %d; shrunk to %d:%n%s"
            + "again: mvn -pl emulator test -Dtest=%s -D%s=%d -D%s=%s -D%s=%s%n",
        seed,
        difference.calls().size(),
        small.calls().size(),
        differential.describe(small),
        test,
        SEED,
        seed,
        CALLS,
        CALLS_PER_SEED,
        FEATURES,
        String.join(",", features.stream().map(Feature::name).toList()));
  }
}
