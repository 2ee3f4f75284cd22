package org.jmmu.bench;

import java.util.concurrent.TimeUnit;
import org.jmmu.race.vmaadjust.VmaAdjustVariant;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * A reverse-map walk that asks whether a page was referenced, for each protocol of race vma-adjust:
 * lock the page, visit every mapping, find its entry, take the ptl, test and clear A, unlock.
 *
 * <p>All mappers share {@value Family#PAGES} pages, which are walked one after the other, so that
 * neither the tables nor the descriptors of one page are still in L1 when it is walked again. The A
 * bits are set again between invocations, outside the measurement: each visit finds a young entry
 * and pays for the atomic that makes it old.
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
public class RmapWalkBench {
  /** Processes that map each page. */
  @Param({"1", "10", "100", "1000"})
  public int mappers;

  @Param public VmaAdjustVariant variant;

  private Family family;

  /** Counts visits, so that JMH prints the time per mapper beside the time per walk. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Visits {
    public long perMapper;
  }

  @Setup(Level.Trial)
  public void fork() {
    family = new Family(mappers, variant.protocol());
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

  /** One walk of one page. */
  @Benchmark
  @OperationsPerInvocation(Family.PAGES)
  public void referenced(Visits visits) {
    family.walkReferenced();
    visits.perMapper += (long) Family.PAGES * mappers;
  }
}
