package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_POPULATE;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A machine that has used 8 frames is given back and the next one taken; a fresh shared Arena of
 * the same size beside it, which is what a machine would be without a pool.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
public class MachinePoolBench {
  private static final MachineConfig CONFIG = MachineConfig.small();
  private static final int PAGES = 4; // and as many tables

  /** Used between invocations, outside the measurement. */
  @State(Scope.Thread)
  public static class Used {
    private Machine machine = Machine.boot(CONFIG);

    @Setup(Level.Invocation)
    public void use() {
      Process process = machine.spawn();
      long mapped =
          process.mmap(
              PAGES * Region.PAGE_SIZE, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_POPULATE);
      process.runOn(machine.cpu(0)).storeLong(mapped, 1);
    }

    @TearDown(Level.Trial)
    public void close() {
      machine.close();
    }
  }

  /** Back to the pool, and out of it. */
  @Benchmark
  public void resetAndTake(Used used) {
    used.machine.close();
    used.machine = Machine.boot(CONFIG);
  }

  /** Opened and closed. */
  @Benchmark
  public long sharedArena() {
    try (Arena arena = Arena.ofShared()) {
      return arena.allocate(CONFIG.nrFrames() * Region.PAGE_SIZE).address();
    }
  }
}
