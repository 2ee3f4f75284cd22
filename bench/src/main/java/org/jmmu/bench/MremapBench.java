package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;

import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
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
 * 16 MiB of written memory moved to and fro, to an address at which its entries have to be moved
 * one by one: emulated, and by the host kernel. A page's share of one move.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
public class MremapBench {
  private static final int PAGES = 4096;
  private static final long BYTES = PAGES * Region.PAGE_SIZE;
  private static final long HERE = 0x2000_0000_0000L;
  private static final long THERE = HERE + (4L << 30) + 5 * Region.PAGE_SIZE;
  private static final int FRAMES_FOR_TABLES = 64;

  /** The emulator's side. */
  @State(Scope.Thread)
  public static class Emulated {
    private final Machine machine =
        Machine.boot(MachineConfig.small().withFrames(PAGES + FRAMES_FOR_TABLES));
    private final Process process = machine.spawn();

    @Setup(Level.Trial)
    public void touch() {
      long _ = process.mmap(HERE, BYTES, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_FIXED);
      Cpu cpu = process.runOn(machine.cpu(0));
      for (long at = HERE; at < HERE + BYTES; at += Region.PAGE_SIZE) {
        cpu.storeLong(at, 1);
      }
    }

    @TearDown(Level.Trial)
    public void check() {
      machine.check();
      machine.close();
    }

    private void move(long from, long to) {
      long _ = process.mremap(from, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    }
  }

  /** The host kernel's side. Its own choices of addresses are far above these. */
  @State(Scope.Thread)
  public static class Host {
    @Setup(Level.Trial)
    public void touch() {
      long placed = HostMemory.map(BYTES);
      HostMemory.forbidHugePages(placed, BYTES);
      HostMemory.move(placed, BYTES, HERE);
      HostMemory.clear(HERE, BYTES);
    }

    @TearDown(Level.Trial)
    public void unmap() {
      HostMemory.unmap(HERE, BYTES);
    }
  }

  @Benchmark
  @OperationsPerInvocation(2 * PAGES)
  public void emulated(Emulated state) {
    state.move(HERE, THERE);
    state.move(THERE, HERE);
  }

  @Benchmark
  @OperationsPerInvocation(2 * PAGES)
  @SuppressWarnings("UnusedVariable") // JMH sets it up
  public void host(Host state) {
    HostMemory.move(HERE, BYTES, THERE);
    HostMemory.move(THERE, BYTES, HERE);
  }
}
