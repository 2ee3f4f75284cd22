package org.jmmu.differential;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The emulator against the kernel of the host, with the few calls that every build makes; {@link
 * Seeds} tells how to ask for more.
 */
class DifferentialTest {
  private final Seeds seeds =
      new Seeds("DifferentialTest", 20_000, EnumSet.complementOf(EnumSet.of(Feature.HUGE_PAGES)));

  @Test
  @Timeout(value = 2, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyCallEndsAsOnTheHost(@TempDir Path directory) throws IOException, InterruptedException {
    try (HostSide host = HostSide.start(directory, seeds.observations())) {
      seeds.compare(new Differential(host, new EmulatorSide(seeds.observations())));
    }
  }
}
