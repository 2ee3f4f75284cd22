package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jspecify.annotations.Nullable;

/**
 * Several threads, each with a CPU of its own, make random calls on one process. After every round
 * they stop, and the oracles look at the machine; now and then the process ends and another begins.
 */
public final class Soak {
  private static final int CALLS_PER_ROUND = 500;
  private static final int ROUNDS_PER_PROCESS = 20;
  private static final int FRAMES = 2048;
  private static final Duration STUCK = Duration.ofSeconds(60);

  private final MachineConfig config;
  private final int threads;
  private final long seed;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong successes = new AtomicLong();
  private final AtomicLong rounds = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /**
   * @param config protocols of the machine; its size is decided here
   * @param threads at least 1
   * @param seed decides what each thread asks for; not how they meet
   */
  public Soak(MachineConfig config, int threads, long seed) {
    this.config = config.withFrames(FRAMES).withCpus(threads);
    this.threads = threads;
    this.seed = seed;
  }

  /** Calls made so far; may be asked while it runs. */
  public long calls() {
    return calls.get();
  }

  /** Those of {@link #calls} that did not end in an errno or a signal. */
  public long successes() {
    return successes.get();
  }

  /** Times the oracles have looked so far; may be asked while it runs. */
  public long rounds() {
    return rounds.get();
  }

  /** Runs until {@code time} is over or something is found: what was found, else null. */
  public @Nullable Throwable run(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    try (Machine machine = Machine.boot(config)) {
      for (long process = 0; failure.get() == null && System.nanoTime() < end; process++) {
        useOneProcess(machine, process, end);
      }
    }
    return failure.get();
  }

  private void useOneProcess(Machine machine, long number, long end) throws InterruptedException {
    Process process = machine.spawn();
    int[] fds = {process.memfdCreate("soak", 0), process.memfdCreate("soak2", 0)};
    for (int fd : fds) {
      process.ftruncate(fd, RandomCalls.FILE_PAGES * PAGE_SIZE);
    }
    boolean[] over = new boolean[1]; // written by the barrier's action, read behind the barrier
    long[] round = new long[1];
    CyclicBarrier barrier =
        new CyclicBarrier(
            threads,
            () -> {
              check(machine);
              over[0] = ++round[0] == ROUNDS_PER_PROCESS || System.nanoTime() >= end;
            });
    List<Thread> running = new ArrayList<>();
    for (int id = 0; id < threads; id++) {
      Cpu cpu = machine.cpu(id);
      long threadSeed = (seed * 1_000_003 + number) * 64 + id;
      RandomCalls random = new RandomCalls(threadSeed, process, cpu, fds);
      running.add(
          Thread.ofPlatform()
              .name("soak-" + id)
              .start(() -> use(process, cpu, random, barrier, over)));
    }
    for (Thread thread : running) {
      thread.join();
    }
    if (failure.get() == null) {
      process.exit();
      check(machine);
    }
  }

  private void use(
      Process process, Cpu cpu, RandomCalls random, CyclicBarrier barrier, boolean[] over) {
    try {
      process.runOn(cpu);
      do {
        int succeeded = 0;
        for (int i = 0; i < CALLS_PER_ROUND; i++) {
          succeeded += Outcomes.succeeds(random::next) ? 1 : 0;
        }
        calls.addAndGet(CALLS_PER_ROUND);
        successes.addAndGet(succeeded);
        int _ = barrier.await(STUCK.toSeconds(), TimeUnit.SECONDS);
      } while (!over[0]);
      process.leave(cpu);
    } catch (BrokenBarrierException e) {
      failure.compareAndSet(null, e); // another thread has said why, unless it is stuck
    } catch (TimeoutException | InterruptedException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      barrier.reset();
    }
  }

  private void check(Machine machine) {
    try {
      machine.check();
      rounds.incrementAndGet();
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
      throw e;
    }
  }
}
