package org.jmmu.differential;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * As {@link DifferentialTest}, with huge pages, and with the counters of their pool after each
 * call. It takes the host's pool as it is, and leaves it so.
 */
class HugePagesDifferentialTest {
  private final Seeds seeds =
      new Seeds(
          "HugePagesDifferentialTest",
          5_000,
          EnumSet.of(Feature.HUGE_PAGES, Feature.FORK, Feature.ODD_ARGUMENTS));

  @Test
  @Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyCallEndsAsOnTheHost(@TempDir Path directory) throws IOException, InterruptedException {
    try (HostSide host = HostSide.start(directory, seeds.observations())) {
      List<Result> _ = host.run(List.of(), Side.NONE).results();
      assumeTrue(host.pool().trouble().isEmpty(), () -> host.pool().trouble());
      if (host.pool().reserved() > 0) {
        // A process that had reserved a page gives it up before its child does, and for as long
        // one reservation too few is counted: somebody may then get a page that is not ours.
        seeds.without(Feature.FORK);
        System.out.println("others have reserved huge pages: fork is not compared");
      }
      seeds.compare(new Differential(host, new EmulatorSide(seeds.observations(), host::pool)));
    }
  }
}
