package org.jmmu.bench;

import java.util.concurrent.TimeUnit;
import org.jmmu.phys.Mem;
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

/** What the emulator measures, done by the host kernel. Linux on x86-64 only. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = Forks.NATIVE_ACCESS)
@State(Scope.Thread)
public class HostFaultBench {
  private long mapped;

  @Setup(Level.Trial)
  public void map() {
    mapped = HostMemory.map(Region.BYTES);
    HostMemory.forbidHugePages(mapped, Region.BYTES);
  }

  /** The frames go back to the kernel's per-CPU lists and come out of them cache-warm. */
  @TearDown(Level.Invocation)
  public void discard() {
    HostMemory.discard(mapped, Region.BYTES);
  }

  @TearDown(Level.Trial)
  public void unmap() {
    HostMemory.unmap(mapped, Region.BYTES);
  }

  /** One write fault. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void fault() {
    touch(mapped);
  }

  /** A page's share of mapping, touching and unmapping the region. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void mapTouchUnmap() {
    long addr = HostMemory.map(Region.BYTES);
    touch(addr);
    HostMemory.unmap(addr, Region.BYTES);
  }

  private static void touch(long addr) {
    for (long at = addr; at < addr + Region.BYTES; at += Region.PAGE_SIZE) {
      Mem.longSetPlain(at, 1);
    }
  }
}
