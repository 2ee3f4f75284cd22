package org.jmmu.differential;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the emulator is compared with depends on nothing but the sequence. */
class HostSideTest {
  private static final Set<Feature> ALL = EnumSet.complementOf(EnumSet.of(Feature.HUGE_PAGES));
  private static final int NR_SEEDS = Integer.getInteger("jmmu.differential.hostSeeds", 40);

  @Test
  void theHostAgreesWithItself(@TempDir Path directory) throws IOException, InterruptedException {
    Set<Observation> observations = Feature.observations(ALL);
    try (HostSide host = HostSide.start(directory, observations)) {
      Differential differential = new Differential(host, host);
      for (long seed = 0; seed < NR_SEEDS; seed++) {
        List<Call> calls = new CallGenerator(seed, ALL, 500).generate();
        Differential.Difference difference = differential.compare(calls);
        if (difference != null) {
          fail("seed " + seed + ":\n" + differential.describe(difference));
        }
      }
    }
  }
}
