package org.jmmu.bench;

import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Collection;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The benchmarks of the report. One round runs each of them in one fork, so that what belongs to
 * one ratio is measured within minutes of each other.
 */
final class StandardSet {
  /** Label of the emulator with its pause points, off; see {@link Figures}. */
  static final String AS_IS = "as-is/";

  /** Label of the emulator whose pause points were removed from its classes. */
  static final String REMOVED = "removed/";

  /** What shows whether pause points cost anything: both are full of them. */
  private static final String PAUSE_POINT_BENCHMARKS = "AnonFaultBench|RmapWalkBench";

  /** Mappers of that reverse-map walk. */
  static final int MAPPERS = 100;

  /** Protocol of that reverse-map walk: the one that machines have by default. */
  static final VmaAdjustVariant MAINLINE = VmaAdjustVariant.ROOT_ONLY;

  private final boolean quick;
  private final PrintStream progress;

  StandardSet(boolean quick, PrintStream progress) {
    this.quick = quick;
    this.progress = progress;
  }

  /** The MMU; faults, the host's beside them, floors; and reverse-map walks. */
  void runOnce(Figures figures) throws RunnerException {
    ChainedOptionsBuilder mmu = options("\\.WalkBench|TlbBench|ShootdownBench");
    if (!CLibrary.canCompile()) {
      progress.println("skipped: the page walk in C, there is no gcc");
      mmu.exclude("\\.WalkBench\\.c");
    }
    figures.add("", run(mmu));
    figures.add("", run(options("AnonFaultBench|FloorBench|MapTouchUnmapBench")));
    if (HostMemory.isSupported()) {
      figures.add("", run(options("HostFaultBench")));
    }
    figures.add("", run(options("RmapWalkBench")));
    figures.add("", run(new OptionsBuilder().include("ColdFaultBench").shouldFailOnError(true)));
  }

  /** The same benchmarks with and without pause points, one right after the other. */
  void runPausePointsOnce(Figures figures) throws RunnerException {
    figures.add(AS_IS, run(pausePoints()));
    figures.add(REMOVED, run(pausePoints().jvmArgsAppend("-javaagent:" + jar())));
  }

  private ChainedOptionsBuilder pausePoints() {
    return options(PAUSE_POINT_BENCHMARKS)
        .param("mappers", Integer.toString(MAPPERS))
        .param("variant", MAINLINE.name());
  }

  private ChainedOptionsBuilder options(String include) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(include)
            .forks(1)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true);
    return quick
        ? options
            .warmupIterations(4)
            .warmupTime(TimeValue.milliseconds(250))
            .measurementIterations(5)
            .measurementTime(TimeValue.milliseconds(200))
        : options;
  }

  private Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
    return new Runner(
            options.build(), OutputFormatFactory.createFormatInstance(progress, VerboseMode.NORMAL))
        .run();
  }

  private static Path jar() {
    try {
      Path jar =
          Path.of(StandardSet.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (!jar.toString().endsWith(".jar")) {
        throw new IllegalStateException("the report runs from the benchmarks' jar, not " + jar);
      }
      return jar;
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
