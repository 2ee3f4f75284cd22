package org.jmmu.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A read of memory that no page is mapped at: the zero page is mapped there. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
public class ReadFaultBench {
  private final EmulatedRegion region = new EmulatedRegion(Region.PAGES);
  private long mapped;

  @Setup(Level.Trial)
  public void map() {
    mapped = region.map();
  }

  @TearDown(Level.Invocation)
  public void discard() {
    region.discard(mapped);
  }

  @TearDown(Level.Trial)
  public void check() {
    region.check();
  }

  /** One read fault. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public long fault() {
    return region.read(mapped);
  }
}
