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

/**
 * A write to memory that no page is mapped at, warm: from the TLB miss through the fault to the
 * store, on 1 MiB that is emptied between invocations, outside the measurement.
 *
 * <p>Beside it: {@link HostFaultBench}, the same from the host kernel, and {@link FloorBench}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
public class AnonFaultBench {
  private final EmulatedRegion region = new EmulatedRegion(Region.PAGES);
  private long mapped;

  @Setup(Level.Trial)
  public void map() {
    mapped = region.map();
  }

  /** The frames freed last are given out first and are cache-warm. */
  @TearDown(Level.Invocation)
  public void discard() {
    region.discard(mapped);
  }

  @TearDown(Level.Trial)
  public void check() {
    region.check();
  }

  /** One write fault. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void fault() {
    region.touch(mapped);
  }
}
