package org.jmmu.bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.Shootdown;
import org.jmmu.phys.PhysMemory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How long a shooter waits until one other CPU can no longer use the translation of a page. That
 * CPU makes load after load from the page all the while, flushing and walking whenever it is told.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsPrepend = Forks.NATIVE_ACCESS)
public class ShootdownBench {
  private static final long TARGET = 0b10;

  private final PhysMemory phys = new PhysMemory(TableSize.L1.frames());
  private final long vaddr = TableSize.L1.vaddrs(1)[0];
  private final Cpu[] cpus = {boot(0), boot(1)};
  private final Thread target = new Thread(this::loadAgainAndAgain, "target");
  private final CountDownLatch running = new CountDownLatch(1);
  private volatile boolean over;
  private volatile long loaded; // keeps the loads from being optimised away

  private Cpu boot(int id) {
    return new Cpu(id, phys, (faulting, faultVaddr, code) -> {});
  }

  /** Sets the other CPU going. */
  @Setup(Level.Trial)
  public void start() throws InterruptedException {
    TableSize.L1.build(phys);
    cpus[1].writeCr3(PhysMemory.PAGE_SIZE);
    target.start();
    running.await();
  }

  private void loadAgainAndAgain() {
    long sum = cpus[1].loadLong(vaddr);
    running.countDown();
    while (!over) {
      sum += cpus[1].loadLong(vaddr);
    }
    loaded = sum;
  }

  /** Stops the other CPU, which must have been told something. */
  @TearDown(Level.Trial)
  public void stop() throws InterruptedException {
    over = true;
    target.join();
    cpus[1].poll();
    if (cpus[1].statistics().shootdowns() == 0) {
      throw new IllegalStateException("no flush request arrived, sum of loads " + loaded);
    }
  }

  /** One page of one CPU. */
  @Benchmark
  public void page() {
    Shootdown.flushPages(cpus, TARGET, cpus[0], 0, vaddr, vaddr + PhysMemory.PAGE_SIZE);
  }
}
