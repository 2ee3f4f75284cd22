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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * {@link RmapWalkBench} as reclaim does it for pages that are neighbours: 64 of them in one walk,
 * from putting them into a window on. A page's share, by mainline's protocol.
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
public class RmapWindowBench {
  /** Processes that map each page. */
  @Param({"100", "1000"})
  public int mappers;

  private Family family;

  @Setup(Level.Trial)
  public void fork() {
    family = new Family(mappers, StandardSet.MAINLINE.protocol());
  }

  @Setup(Level.Invocation)
  public void makeYoung() {
    family.makeYoung();
  }

  /** Were one entry missed, or one not young, the figure would be worth nothing. */
  @TearDown(Level.Invocation)
  public void checkAllVisited() {
    family.checkAllReferenced();
  }

  @TearDown(Level.Trial)
  public void check() {
    family.check();
  }

  /** One page's share of a walk. */
  @Benchmark
  @OperationsPerInvocation(Family.PAGES)
  public void referenced() {
    family.walkReferencedTogether();
  }
}
