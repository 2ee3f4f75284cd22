package org.jmmu.bench;

import java.util.concurrent.TimeUnit;
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

/**
 * The first write faults of a fresh JVM, all together: what a short test pays. Code is interpreted
 * at first, frames come cold from the host.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(
    value = 5,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class ColdFaultBench {
  @Param({"1", "1000", "10000"})
  public int faults;

  private EmulatedRegion region;
  private long mapped;

  @Setup(Level.Trial)
  public void map() {
    region = new EmulatedRegion(faults);
    mapped = region.map();
  }

  @TearDown(Level.Trial)
  public void check() {
    region.check();
  }

  @Benchmark
  public void firstFaults() {
    region.touch(mapped);
  }
}
