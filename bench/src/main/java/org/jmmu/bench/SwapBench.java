package org.jmmu.bench;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;

import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapInfo;
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
 * 1 MiB swapped out by MADV_PAGEOUT to an area in memory, and in again by write faults, so that
 * each page has to be stored the next time: emulated, and by the host kernel if it swaps to zram. A
 * page's share of one way out and in.
 *
 * <p>All words of the host's pages are the same and not zero: zram stores such a page without
 * compressing it, which is its fastest way.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
public class SwapBench {
  private static final long WORD = 0x5a5a_5a5a_5a5a_5a5aL;
  private static final int FRAMES_FOR_TABLES = 64;

  /** The emulator's side. */
  @State(Scope.Thread)
  public static class Emulated {
    private final Machine machine =
        Machine.boot(MachineConfig.small().withFrames(Region.PAGES + FRAMES_FOR_TABLES));
    private final SwapInfo area = machine.swaponMemory(Region.PAGES);
    private final Process process = machine.spawn();
    private final Cpu cpu = process.runOn(machine.cpu(0));
    private final long start = process.mmap(Region.BYTES, EmulatedRegion.RW, EmulatedRegion.ANON);

    @Setup(Level.Trial)
    public void touch() {
      for (long at = start; at < start + Region.BYTES; at += Region.PAGE_SIZE) {
        cpu.storeLong(at, WORD);
      }
    }

    @TearDown(Level.Trial)
    public void check() {
      pageout();
      if (area.inUsePages() != Region.PAGES) {
        throw new IllegalStateException("not all pages went out: " + area);
      }
      machine.check();
      machine.close();
    }

    private void pageout() {
      process.madvise(start, Region.BYTES, MADV_PAGEOUT);
    }
  }

  /** The host kernel's side. */
  @State(Scope.Thread)
  public static class Host {
    private long start;

    /** Refuses if pages do not go anywhere. */
    @Setup(Level.Trial)
    public void touch() {
      if (!HostMemory.swapsToZram()) {
        throw new IllegalStateException("skipped: the host does not swap to zram");
      }
      start = HostMemory.map(Region.BYTES);
      HostMemory.forbidHugePages(start, Region.BYTES);
      for (long at = start; at < start + Region.BYTES; at += Long.BYTES) {
        Mem.longSetPlain(at, WORD);
      }
    }

    @TearDown(Level.Trial)
    public void unmap() {
      HostMemory.unmap(start, Region.BYTES);
    }
  }

  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void emulated(Emulated state) {
    state.pageout();
    state.touch();
  }

  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void host(Host state) {
    HostMemory.pageout(state.start, Region.BYTES);
    for (long at = state.start; at < state.start + Region.BYTES; at += Region.PAGE_SIZE) {
      Mem.longSetPlain(at, WORD);
    }
  }
}
