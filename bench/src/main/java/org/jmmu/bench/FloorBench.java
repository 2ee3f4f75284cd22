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

/**
 * What no fault can be faster than: filling its page. Over as many pages as the emulator recycles,
 * so that they come from the same cache.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsPrepend = Forks.NATIVE_ACCESS)
@State(Scope.Thread)
public class FloorBench {
  private static final long MANY_BYTES = Region.MANY_PAGES * Region.PAGE_SIZE;

  private long source;
  private long pages;
  private long manyPages; // two regions, one behind the other

  @Setup(Level.Trial)
  public void map() {
    source = HostMemory.map(Region.PAGE_SIZE);
    pages = HostMemory.map(Region.BYTES);
    HostMemory.clear(source, Region.PAGE_SIZE); // else it is the host's zero page
    HostMemory.clear(pages, Region.BYTES);
    manyPages = HostMemory.map(2 * MANY_BYTES);
    HostMemory.clear(manyPages, 2 * MANY_BYTES);
  }

  @TearDown(Level.Trial)
  public void unmap() {
    HostMemory.unmap(manyPages, 2 * MANY_BYTES);
    HostMemory.unmap(pages, Region.BYTES);
    HostMemory.unmap(source, Region.PAGE_SIZE);
  }

  /** Copies one page that stays in L1 onto another. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void pageCopy() {
    for (long at = pages; at < pages + Region.BYTES; at += Region.PAGE_SIZE) {
      Mem.copy(source, at, Region.PAGE_SIZE);
    }
  }

  /** The C library's memset of a page. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void pageSet() {
    for (long at = pages; at < pages + Region.BYTES; at += Region.PAGE_SIZE) {
      HostMemory.clear(at, Region.PAGE_SIZE);
    }
  }

  /** As {@link #pageSet}, over 64 MiB. */
  @Benchmark
  @OperationsPerInvocation(Region.MANY_PAGES)
  public void pageSetInMemory() {
    for (long at = manyPages; at < manyPages + MANY_BYTES; at += Region.PAGE_SIZE) {
      HostMemory.clear(at, Region.PAGE_SIZE);
    }
  }

  /** Copies 64 MiB, page by page. */
  @Benchmark
  @OperationsPerInvocation(Region.MANY_PAGES)
  public void pageCopyFromMemory() {
    for (long at = manyPages; at < manyPages + MANY_BYTES; at += Region.PAGE_SIZE) {
      Mem.copy(at, at + MANY_BYTES, Region.PAGE_SIZE);
    }
  }
}
