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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole life of 1 MiB: mmap, a write fault on each page, munmap. Nothing is left out of the
 * measurement. Beside it: {@link HostFaultBench#mapTouchUnmap}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
public class MapTouchUnmapBench {
  private final EmulatedRegion region = new EmulatedRegion(Region.PAGES);

  @TearDown(Level.Trial)
  public void check() {
    region.check();
  }

  /** A page's share. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void mapTouchUnmap() {
    long addr = region.map();
    region.touch(addr);
    region.unmap(addr);
  }
}
