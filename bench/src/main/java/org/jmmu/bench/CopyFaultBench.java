package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_POPULATE;

import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.MachineInside;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A write to a page that a child shares: it is copied. Over 64 MiB, so that source and copy come
 * from memory, as they do on the host; {@link FloorBench#pageCopyFromMemory} copies as much.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
@State(Scope.Thread)
public class CopyFaultBench {
  private static final int SPARE_FRAMES = 256;
  private static final long BYTES = Region.MANY_PAGES * Region.PAGE_SIZE;

  private final Machine machine =
      Machine.boot(MachineConfig.small().withFrames(2 * Region.MANY_PAGES + SPARE_FRAMES));
  private final MachineInside inside = new MachineInside(machine);
  private final Process parent = machine.spawn();
  private final Cpu cpu = parent.runOn(machine.cpu(0));
  private final long[] copies = new long[Region.MANY_PAGES];
  private final long mapped =
      parent.mmap(BYTES, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_POPULATE);
  private final Process child = parent.fork();

  /** The copies go, and the parent shares the child's pages again. */
  @TearDown(Level.Invocation)
  public void shareAgain() {
    inside.discard(parent, mapped, Region.MANY_PAGES, copies);
    inside.share(child, parent, mapped, Region.MANY_PAGES);
  }

  @TearDown(Level.Trial)
  public void check() {
    machine.check();
    machine.close();
  }

  /** One write fault. */
  @Benchmark
  @OperationsPerInvocation(Region.MANY_PAGES)
  public void fault() {
    for (long at = mapped; at < mapped + BYTES; at += Region.PAGE_SIZE) {
      cpu.storeLong(at, 1);
    }
  }
}
