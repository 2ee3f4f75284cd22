package org.jmmu.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Access;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.PageWalker;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.PhysMemory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One 4-level walk with rights and accessed bits checked, each waiting for the one before it, as
 * walks in a pointer chase do; the same walk in C over the same tables beside it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsPrepend = Forks.NATIVE_ACCESS)
public class WalkBench {
  private static final int WALKS = 1 << 16;

  @Param TableSize tables = TableSize.L1;

  private PhysMemory phys = new PhysMemory(1);
  private PageWalker walker = new Cpu(0, phys, (cpu, vaddr, code) -> {}).walker();
  private long[] vaddrs = {};
  private long zero;

  /** The compiled walk and what it takes. */
  @State(Scope.Thread)
  public static class C {
    // Rights of a user that may read any user page, in the bits of org.jmmu.hw.AccessRights.
    private static final long USER_READS = 0xff00;
    private static final long RESERVED = PteBits.ADDRESS & -(1L << 46);

    private final MethodHandle chain =
        CLibrary.compile("walk.c")
            .function(
                "walk_chain",
                FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG));
    private MemorySegment walker = MemorySegment.NULL;
    private MemorySegment vaddrs = MemorySegment.NULL;

    /** Copies the addresses to where C can read them. */
    @Setup
    public void copy(WalkBench bench) {
      Arena arena = Arena.ofAuto();
      vaddrs = arena.allocateFrom(JAVA_LONG, bench.vaddrs);
      walker =
          arena.allocateFrom(
              JAVA_LONG,
              bench.phys.frameAddr(0),
              bench.phys.nrFrames() * PhysMemory.PAGE_SIZE,
              PhysMemory.PAGE_SIZE,
              RESERVED,
              RESERVED | PteBits.PS,
              USER_READS,
              0,
              0);
    }
  }

  /** Builds the tables. */
  @Setup
  public void build() {
    phys = new PhysMemory(tables.frames());
    tables.build(phys);
    Cpu cpu = new Cpu(0, phys, (faulting, vaddr, code) -> {});
    cpu.writeCr3(PhysMemory.PAGE_SIZE);
    walker = cpu.walker();
    vaddrs = tables.vaddrs(WALKS);
  }

  /** Java. */
  @Benchmark
  @OperationsPerInvocation(WALKS)
  public long java() {
    long result = 0;
    for (long vaddr : vaddrs) {
      result = walker.walk(vaddr + (result & zero), Access.READ);
    }
    return result;
  }

  /** C. */
  @Benchmark
  @OperationsPerInvocation(WALKS)
  public long c(C c) throws Throwable {
    return (long) c.chain.invokeExact(c.walker, c.vaddrs, (long) WALKS, Access.READ, zero);
  }
}
