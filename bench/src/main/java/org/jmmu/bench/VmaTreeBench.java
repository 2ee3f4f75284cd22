package org.jmmu.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.types.VmaTree;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The tree of an address space's VMAs by itself, at random places: what a page fault, a system call
 * that splits and merges, and the search for a place pay for it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS})
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up
public class VmaTreeBench {
  private static final int PLACES = 1 << 14; // too many for branch predictors to learn
  private static final long STRIDE = 4 * Region.PAGE_SIZE; // two pages mapped, two free
  private static final long SEED = 42;

  @Param({"64", "1000", "60000"})
  public int vmas;

  private final Mm mm = new Mm(1);
  private final VmaTree tree = mm.vmas;
  private final Vma[] byPlace = new Vma[PLACES];
  private final long[] vaddrs = new long[PLACES];
  private int at;

  @Setup
  public void fill() {
    Vma[] all = new Vma[vmas];
    for (int i = 0; i < vmas; i++) {
      long start = (1 + i) * STRIDE;
      all[i] = new Vma(mm, start, start + 2 * Region.PAGE_SIZE, 0, 0);
    }
    Random random = new Random(SEED);
    for (int i = 0; i < vmas; i++) {
      int other = i + random.nextInt(vmas - i);
      Vma vma = all[other];
      all[other] = all[i];
      all[i] = vma;
      tree.insert(vma);
    }
    for (int i = 0; i < PLACES; i++) {
      byPlace[i] = all[random.nextInt(vmas)];
      vaddrs[i] = byPlace[i].vmStartGetOpaque() + Region.PAGE_SIZE;
    }
  }

  /** The VMA at an address. */
  @Benchmark
  public Vma find() {
    Vma vma = tree.find(vaddrs[next()]);
    if (vma == null) {
      throw new IllegalStateException("lost");
    }
    return vma;
  }

  /** A VMA goes and comes back. */
  @Benchmark
  public void removeInsert() {
    Vma vma = byPlace[next()];
    tree.remove(vma);
    tree.insert(vma);
  }

  /** The tree's part of an mprotect of one page and of its undoing. */
  @Benchmark
  public void splitMerge() {
    Vma vma = byPlace[next()];
    long end = vma.vmEndGetOpaque();
    Vma above = new Vma(mm, end - Region.PAGE_SIZE, end, 0, 0);
    vma.vmEndSetOpaque(end - Region.PAGE_SIZE);
    tree.insert(above);
    tree.rangeChanged(vma);
    vma.vmEndSetOpaque(end);
    tree.remove(above);
    tree.rangeChanged(vma);
  }

  /** A place for one page: the highest of many. */
  @Benchmark
  public long highestGap() {
    return tree.highestGap(Region.PAGE_SIZE, vaddrs[next()], 2 * Region.PAGE_SIZE);
  }

  private int next() {
    at = (at + 1) & (PLACES - 1);
    return at;
  }
}
