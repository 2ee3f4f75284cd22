package org.jmmu.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
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
 * Accesses that hit in the TLB, against the same accesses to native memory without an MMU: many in
 * a row (throughput), and each at the address that the one before has loaded (latency).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsPrepend = Forks.NATIVE_ACCESS)
public class TlbBench {
  private static final int ACCESSES = 1024;
  private static final int DATA_FRAME = 2048;
  private static final long VADDR = 1L << 40;
  private static final long SEED = 42;

  @Param({"4", "512"})
  int pages = 4;

  private PhysMemory phys = new PhysMemory(1);
  private Cpu cpu = new Cpu(0, phys, (faulting, vaddr, code) -> {});
  private long[] addrs = {}; // native
  private long[] vaddrs = {};
  private long base; // native address of the first page, seen by no MMU

  /**
   * Maps pages, and threads a random ring through them: once by linear address through the frames
   * that the MMU maps, once by offset through as many frames that it does not.
   */
  @Setup
  public void build() {
    TableSize tables = TableSize.L1;
    phys = new PhysMemory(DATA_FRAME + 2 * pages);
    tables.build(phys);
    cpu = new Cpu(0, phys, (faulting, vaddr, code) -> {});
    cpu.writeCr3(PhysMemory.PAGE_SIZE);
    for (int page = 0; page < pages; page++) {
      remap(page);
    }
    long[] offsets = shuffledOffsets();
    base = phys.frameAddr(DATA_FRAME + pages);
    addrs = new long[ACCESSES];
    vaddrs = new long[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      long next = offsets[(i + 1) % ACCESSES];
      addrs[i] = base + offsets[i];
      vaddrs[i] = VADDR + offsets[i];
      Mem.longSetPlain(base + offsets[i], base + next);
      Mem.longSetPlain(phys.frameAddr(DATA_FRAME) + offsets[i], VADDR + next);
    }
  }

  private long[] shuffledOffsets() {
    Random random = new Random(SEED);
    long[] offsets = new long[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      offsets[i] = (i % pages) * PhysMemory.PAGE_SIZE + wordIn(i, pages);
      int j = random.nextInt(i + 1);
      long swap = offsets[i];
      offsets[i] = offsets[j];
      offsets[j] = swap;
    }
    return offsets;
  }

  /** Spreads the words of one page over its cache lines, and pages over the sets of the cache. */
  private static long wordIn(int i, int pages) {
    return ((i / pages * 8L + i % pages * 64L) & (PhysMemory.PAGE_SIZE - 1));
  }

  private void remap(int page) {
    long vaddr = VADDR + page * PhysMemory.PAGE_SIZE;
    long table = 1;
    for (int level = PteBits.LEVEL_PGD; level > PteBits.LEVEL_PTE; level--) {
      table =
          PteBits.pfn(
              Mem.longGetPlain(
                  phys.frameAddr(table) + PteBits.index(vaddr, level) * (long) Long.BYTES));
    }
    long flags = PteBits.P | PteBits.RW | PteBits.US;
    Mem.longSetPlain(
        phys.frameAddr(table) + PteBits.pteIndex(vaddr) * (long) Long.BYTES,
        PteBits.pte(DATA_FRAME + page, flags));
  }

  /** Loads from native memory. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public long loadPlain() {
    long sum = 0;
    for (long addr : addrs) {
      sum += Mem.longGetPlain(addr);
    }
    return sum;
  }

  /** The same, with the ordering that a guest's load has. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public long loadAcquire() {
    long sum = 0;
    for (long addr : addrs) {
      sum += Mem.longGetAcquire(addr);
    }
    return sum;
  }

  /** Through the MMU. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public long loadMmu() {
    long sum = 0;
    Cpu running = cpu;
    for (long vaddr : vaddrs) {
      sum += running.loadLong(vaddr);
    }
    return sum;
  }

  /** Each load waits for the one before. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public long chainPlain() {
    long addr = addrs[0];
    for (int i = 0; i < ACCESSES; i++) {
      addr = Mem.longGetPlain(addr);
    }
    return addr;
  }

  /** Each load through the MMU waits for the one before. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public long chainMmu() {
    Cpu running = cpu;
    long vaddr = vaddrs[0];
    for (int i = 0; i < ACCESSES; i++) {
      vaddr = running.loadLong(vaddr);
    }
    return vaddr;
  }

  /** Stores to native memory; the ring stays as it is. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public void storePlain() {
    for (int i = 0; i < ACCESSES; i++) {
      Mem.longSetPlain(addrs[i], addrs[i + 1 & ACCESSES - 1]);
    }
  }

  /** Stores through the MMU. */
  @Benchmark
  @OperationsPerInvocation(ACCESSES)
  public void storeMmu() {
    Cpu running = cpu;
    for (int i = 0; i < ACCESSES; i++) {
      running.storeLong(vaddrs[i], vaddrs[i + 1 & ACCESSES - 1]);
    }
  }
}
