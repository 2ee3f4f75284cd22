package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_POPULATE;

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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A fork of so many pages, the end of the child not included. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class ForkBench {
  private static final int FRAMES_FOR_TABLES = 256;

  @Param({"1", "1024", "16384"})
  public int pages;

  private Machine machine;
  private Process parent;
  private Process child;

  @Setup(Level.Trial)
  public void populate() {
    machine = Machine.boot(MachineConfig.small().withFrames(pages + FRAMES_FOR_TABLES));
    parent = machine.spawn();
    parent.mmap(pages * Region.PAGE_SIZE, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_POPULATE);
  }

  @TearDown(Level.Invocation)
  public void exit() {
    child.exit();
  }

  @TearDown(Level.Trial)
  public void check() {
    machine.check();
    machine.close();
  }

  /** One fork. */
  @Benchmark
  public void fork() {
    child = parent.fork();
  }
}
