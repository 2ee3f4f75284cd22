package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_FIXED;

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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Warm anonymous write faults of two threads, each on a CPU of its own, in one address space; and
 * the same of one thread, with the other CPU at rest. The threads start each round together; a
 * fault's time is that of the round, hence of the slower one.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsPrepend = {Forks.NATIVE_ACCESS, Forks.NO_FRAME_CHECKS})
public class TwoThreadFaultBench {
  private static final int FRAMES = 8192; // so many that threads have free lists of their own
  private static final long FIRST = 1L << 40;
  private static final long APART = 1L << 30;

  /** The address space, and the part of this thread. */
  @State(Scope.Benchmark) // one object, whoever refers to it
  public static class Shared {
    private final Machine machine = Machine.boot(MachineConfig.small().withFrames(FRAMES));
    private final MachineInside inside = new MachineInside(machine);
    private final Process process = machine.spawn();
    private final Cpu cpu = process.runOn(machine.cpu(0));
    private final long here = map(FIRST);
    private final long there = map(FIRST + APART);
    private final long[] pfns = new long[Region.PAGES];

    @Setup(Level.Trial)
    public void pin() {
      HostThread.pin(0);
    }

    @TearDown(Level.Invocation)
    public void discard() {
      inside.discard(process, here, Region.PAGES, pfns);
    }

    @TearDown(Level.Trial)
    public void check() {
      machine.check();
    }

    private long map(long vaddr) {
      return process.mmap(vaddr, Region.BYTES, EmulatedRegion.RW, EmulatedRegion.ANON | MAP_FIXED);
    }
  }

  /** The other thread: spins from round to round; touches in odd ones, gives back in even ones. */
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // JMH calls the set-up
  public static class Partner {
    private static final int OVER = -1;

    private final long[] pfns = new long[Region.PAGES];
    private Thread thread;
    private volatile int round;
    private volatile int roundDone;

    @Setup(Level.Trial)
    public void start(Shared shared) {
      thread = new Thread(() -> run(shared), "partner");
      thread.start();
    }

    @TearDown(Level.Invocation)
    public void discard() {
      begin();
      awaitEnd();
    }

    @TearDown(Level.Trial)
    public void stop() throws InterruptedException {
      round = OVER;
      thread.join();
    }

    void begin() {
      round = (round + 1) & Integer.MAX_VALUE;
    }

    void awaitEnd() {
      while (roundDone != round) {
        Thread.onSpinWait();
      }
    }

    private void run(Shared shared) {
      HostThread.pin(1);
      Cpu cpu = shared.process.runOn(shared.machine.cpu(1));
      for (int last = 0; last != OVER; ) {
        while (round == last) {
          Thread.onSpinWait();
        }
        last = round;
        if (last != OVER) {
          if ((last & 1) != 0) {
            touch(cpu, shared.there);
          } else {
            shared.inside.discard(shared.process, shared.there, Region.PAGES, pfns);
          }
          roundDone = last;
        }
      }
      shared.process.leave(cpu);
    }
  }

  /** One thread's fault. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void one(Shared shared) {
    touch(shared.cpu, shared.here);
  }

  /** One fault of each thread. */
  @Benchmark
  @OperationsPerInvocation(Region.PAGES)
  public void two(Shared shared, Partner partner) {
    partner.begin();
    touch(shared.cpu, shared.here);
    partner.awaitEnd();
  }

  private static void touch(Cpu cpu, long start) {
    for (long at = start; at < start + Region.BYTES; at += Region.PAGE_SIZE) {
      cpu.storeLong(at, 1);
    }
  }
}
