package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_POPULATE;
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
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** mprotect of 64 MiB of written memory: a page's share. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
public class ProtectBench {
  private static final int FRAMES_FOR_TABLES = 64;
  private static final long BYTES = Region.MANY_PAGES * Region.PAGE_SIZE;

  /** What is mapped. */
  @State(Scope.Benchmark) // one object, whoever refers to it
  public static class Mapping {
    private final Machine machine =
        Machine.boot(MachineConfig.small().withFrames(Region.MANY_PAGES + FRAMES_FOR_TABLES));
    private final Process process = machine.spawn();
    private final long mapped =
        process.mmap(BYTES, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_POPULATE);

    @TearDown(Level.Trial)
    public void check() {
      machine.check();
      machine.close();
    }

    private void protect(int prot) {
      process.mprotect(mapped, BYTES, prot);
    }
  }

  /** Where the other half of each round trip takes place, outside the measurement. */
  @State(Scope.Thread)
  public static class Writable {
    @TearDown(Level.Invocation)
    public void makeWritable(Mapping mapping) {
      mapping.protect(EmulatedRegion.RW);
    }
  }

  /** As {@link Writable}. */
  @State(Scope.Thread)
  public static class ReadOnly {
    @Setup(Level.Invocation)
    public void makeReadOnly(Mapping mapping) {
      mapping.protect(PROT_READ);
    }
  }

  /** To PROT_READ. */
  @Benchmark
  @OperationsPerInvocation(Region.MANY_PAGES)
  @SuppressWarnings("UnusedVariable") // JMH takes it down
  public void readOnly(Mapping mapping, Writable after) {
    mapping.protect(PROT_READ);
  }

  /** Back to PROT_READ | PROT_WRITE. */
  @Benchmark
  @OperationsPerInvocation(Region.MANY_PAGES)
  @SuppressWarnings("UnusedVariable") // JMH sets it up
  public void writable(Mapping mapping, ReadOnly before) {
    mapping.protect(EmulatedRegion.RW);
  }
}
