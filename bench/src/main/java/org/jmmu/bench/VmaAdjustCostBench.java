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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The writer's side of race vma-adjust, for each of its protocols; {@link RmapWalkBench} is the
 * reader's. The boundary of two VMAs moves by one page, there and back, in the youngest process of
 * a family of {@value StandardSet#MAPPERS}: the change of 0-B, 0-C and 0-H, with mmap_lock taken
 * for each of the two. Alone, and beside a thread on another CPU that does nothing but walk the
 * reverse map of the family's pages, one after the other; and by mprotect, to compare.
 *
 * <p>Protocols that let changes and walks overlap lose sight of a page now and then. Here nothing
 * is lost with it: these walks only ask whether a page was referenced.
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
public class VmaAdjustCostBench {
  @Param public VmaAdjustVariant variant;

  private Family family;

  @Setup(Level.Trial)
  public void pin() {
    HostThread.pin(0);
  }

  @Setup(Level.Trial)
  public void fork() {
    family = new Family(StandardSet.MAPPERS, variant.protocol());
    family.split();
  }

  @TearDown(Level.Trial)
  public void check() {
    family.check();
  }

  /** The walker beside the changes; lives as long as they are measured. */
  @State(Scope.Thread)
  public static class Beside {
    private FamilyWalker walker;

    @Setup(Level.Trial)
    public void start(VmaAdjustCostBench bench) {
      walker = new FamilyWalker(bench.family);
      walker.start();
    }

    @TearDown(Level.Trial)
    public void stop() throws InterruptedException {
      walker.end();
    }
  }

  /** What the walker did meanwhile: JMH prints the time per visit of a mapper. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Visits {
    public long perMapper;
    private long before;

    @Setup(Level.Iteration)
    public void begin(Beside beside) {
      before = beside.walker.walks();
    }

    @TearDown(Level.Iteration)
    public void end(Beside beside) {
      perMapper = (beside.walker.walks() - before) * StandardSet.MAPPERS;
    }
  }

  /** One pair of changes. */
  @Benchmark
  public void alone() {
    family.shiftAndBack();
  }

  /** One pair of system calls. */
  @Benchmark
  public void mprotect() {
    family.protectAndBack();
  }

  /** One pair of changes. */
  @Benchmark
  @SuppressWarnings("UnusedVariable") // JMH sets them up
  public void besideWalker(Beside beside, Visits visits) {
    family.shiftAndBack();
  }
}
