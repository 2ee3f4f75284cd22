package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.PROT_READ;

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

/**
 * Two calls of mprotect: the upper page of a VMA of two becomes read-only, which splits the VMA,
 * and writable again, which merges the halves. At random among so many VMAs, none of them touched.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
public class SplitMergeBench {
  private static final long STRIDE = 3 * Region.PAGE_SIZE; // two pages mapped, one free
  private static final long FIRST = 1L << 32;

  @Param({"64", "1000", "60000"})
  public int vmas;

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();
  private int random = 42;

  @Setup(Level.Trial)
  public void map() {
    for (int i = 0; i < vmas; i++) {
      long _ =
          process.mmap(
              FIRST + i * STRIDE,
              2 * Region.PAGE_SIZE,
              EmulatedRegion.RW,
              EmulatedRegion.ANON | MAP_FIXED);
    }
  }

  @TearDown(Level.Trial)
  public void check() {
    if (process.mm().vmas.size() != vmas) {
      throw new IllegalStateException("not merged");
    }
    machine.check();
    machine.close();
  }

  /** One pair. */
  @Benchmark
  public void pair() {
    random = random * 1664525 + 1013904223;
    long page = FIRST + (random >>> 8) % vmas * STRIDE + Region.PAGE_SIZE;
    process.mprotect(page, Region.PAGE_SIZE, PROT_READ);
    process.mprotect(page, Region.PAGE_SIZE, EmulatedRegion.RW);
  }
}
