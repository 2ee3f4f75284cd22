package org.jmmu.bench;

import java.util.concurrent.TimeUnit;
import org.jmmu.rmap.VmaAdjustRwsemInterval;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Swap-out's walk of the reverse map: each entry for the page is cleared and becomes a swap entry.
 * The pages are in the swap cache beforehand, and what is in a TLB is flushed, though no CPU runs
 * one of the processes. Afterwards, outside the measurement, all entries map their pages again.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class UnmapBench {
  /** Processes that map each page. */
  @Param({"100", "1000"})
  public int mappers;

  private Family family;

  @Setup(Level.Trial)
  public void fork() {
    family = new Family(mappers, new VmaAdjustRwsemInterval());
    family.addToSwap();
  }

  /** Were one entry missed, the figure would be worth nothing. */
  @TearDown(Level.Invocation)
  public void mapAgain() {
    family.mapAgain();
  }

  @TearDown(Level.Trial)
  public void check() {
    family.check();
  }

  /** One walk of one page. */
  @Benchmark
  @OperationsPerInvocation(Family.PAGES)
  public void tryToUnmap() {
    family.tryToUnmap();
  }
}
