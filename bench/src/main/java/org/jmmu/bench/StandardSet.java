package org.jmmu.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Collection;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.jspecify.annotations.Nullable;
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
  static final VmaAdjustVariant MAINLINE = VmaAdjustVariant.RWSEM_INTERVAL;

  private static final String RMAP =
      "Rmap(Walk|Window)Bench|\\.UnmapBench|VmaAdjustCostBench\\.(alone|besideWalker)";

  private static final String MMU = "\\.WalkBench|TlbBench.*(load|chain)(Plain|Mmu)|ShootdownBench";

  private static final String MEMORY =
      "(AnonFault|Floor|MapTouchUnmap|ReadFault|ReuseFault|CopyFault|Populate|Fork|Protect"
          + "|SplitMerge|TwoThreadFault|MachinePool|Swap|Mremap)Bench";

  private final boolean quick;
  private final PrintStream progress;
  private final @Nullable HostProgram hostProgram;

  StandardSet(boolean quick, PrintStream progress) {
    this.quick = quick;
    this.progress = progress;
    boolean comparable = HostMemory.isSupported() && CLibrary.canCompile();
    hostProgram = comparable ? new HostProgram() : null;
    if (!comparable) {
      progress.println("skipped: what is in C, that takes Linux on x86-64 and gcc");
    }
  }

  /** The MMU; faults and system calls, the host's beside them, floors; and reverse-map walks. */
  void runOnce(Figures figures) throws RunnerException, IOException {
    ChainedOptionsBuilder mmu = options(MMU);
    ChainedOptionsBuilder memory = options(MEMORY);
    if (hostProgram == null) {
      mmu.exclude("\\.WalkBench\\.c");
    } else {
      figures.addHost(hostProgram.run());
    }
    if (Runtime.getRuntime().availableProcessors() < 2) {
      progress.println("skipped: two threads, there is one CPU");
      memory.exclude("TwoThreadFaultBench");
    }
    if (!HostMemory.swapsToZram()) {
      progress.println("skipped: swapping by the host, it does not swap to zram");
      memory.exclude("SwapBench.host");
    }
    if (!HostMemory.isSupported()) {
      memory.exclude("MremapBench.host");
    }
    figures.add("", run(memory));
    if (HostMemory.isSupported()) {
      figures.add("", run(options("HostFaultBench")));
    }
    figures.add("", run(mmu));
    runRmap(figures);
    figures.add(
        "",
        run(
            new OptionsBuilder()
                .include("ColdFaultBench")
                .forks(1)
                .warmupIterations(0)
                .shouldFailOnError(true)));
  }

  /** Every protocol of race vma-adjust, the reader's side and the writer's. */
  private void runRmap(Figures figures) throws RunnerException {
    ChainedOptionsBuilder costs = options(RMAP).param("mappers", "100", "1000");
    if (quick) {
      costs.param("variant", MAINLINE.name());
    }
    if (Runtime.getRuntime().availableProcessors() < 2) {
      costs.exclude("besideWalker");
    }
    figures.add("", run(costs));
    figures.add(
        "",
        run(
            options("RmapWalkBench|VmaAdjustCostBench\\.mprotect")
                .param("mappers", "1", "10")
                .param("variant", MAINLINE.name())));
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
    return options
        .warmupIterations(2)
        .warmupTime(TimeValue.milliseconds(500))
        .measurementIterations(5)
        .measurementTime(TimeValue.milliseconds(60));
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
