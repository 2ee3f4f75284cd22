package org.jmmu.soak;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.compact.Kcompactd;
import org.jmmu.filemap.OpenMode;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.swap.SwapInfo;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.MappedFile;
import org.jspecify.annotations.Nullable;

/**
 * Several threads, each with a CPU of its own, make random calls in a few processes. After every
 * round they stop, and the oracles look at the machine; now and then all processes end and another
 * begins. Threads of the kernel compact memory when a call wakes them. In every other round some
 * threads move the boundaries of VMAs, whole VMAs or the stacks of new programs, and the others
 * migrate the pages below them.
 */
public final class Soak {
  static final int NODES = 2;

  private static final int CALLS_PER_ROUND = 200;
  private static final int ROUNDS_PER_FAMILY = 20;
  private static final int FRAMES = 4096;
  private static final int SWAP_PAGES = 512;
  private static final Duration STUCK = Duration.ofSeconds(60);

  private final MachineConfig config;
  private final int threads;
  private final long seed;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicLong successes = new AtomicLong();
  private final AtomicLong checks = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /**
   * @param config protocols of the machine; its size is decided here
   * @param threads at least 1
   * @param seed decides what each thread asks for; not how they meet
   */
  public Soak(MachineConfig config, int threads, long seed) {
    this.config =
        config
            .withFrames(FRAMES)
            .withCpus(threads)
            .withNodes(NODES)
            .withExecStack(new StackWatch(config.protocol(ExecStackProtocol.class)));
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
    return checks.get();
  }

  /** Runs until {@code time} is over or something is found: what was found, else null. */
  public @Nullable Throwable run(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    try (Machine machine = Machine.boot(config)) {
      List<Kcompactd> kcompactds = new ArrayList<>();
      for (int nid = 0; nid < NODES; nid++) {
        kcompactds.add(machine.startKcompactd(nid));
      }
      for (long family = 0; failure.get() == null && System.nanoTime() < end; family++) {
        useOneFamily(machine, kcompactds, family, end);
      }
    }
    return failure.get();
  }

  private void useOneFamily(Machine machine, List<Kcompactd> kcompactds, long number, long end)
      throws InterruptedException {
    SwapInfo swap = machine.swaponMemory(SWAP_PAGES);
    Process first = machine.spawn();
    MappedFile regular = machine.files().openInMemory("/soak", new byte[0], OpenMode.O_RDWR);
    int[] fds = {
      first.memfdCreate("soak", 0), first.memfdCreate("soak2", 0), first.install(regular)
    };
    for (int fd : fds) {
      first.ftruncate(fd, RandomCall.FILE_PAGES * PAGE_SIZE);
    }
    Population population = new Population(first);
    Phaser rounds = rounds(machine, kcompactds, end);
    List<IsolatedPages> offers = new ArrayList<>();
    List<Thread> running = new ArrayList<>();
    for (int id = 0; id < threads; id++) {
      Cpu cpu = machine.cpu(id);
      SplittableRandom random = new SplittableRandom((seed * 1_000_003 + number) * 64 + id);
      Program anything = new RandomCalls(random.split(), machine, kcompactds, population, cpu, fds);
      List<Program> migration;
      if (id % 2 == 0) {
        IsolatedPages isolated = new IsolatedPages(machine);
        offers.add(isolated);
        migration =
            List.of(
                new BoundaryCalls(random.split(), isolated, first, cpu, id),
                new RemapCalls(random.split(), isolated, first, cpu, id),
                new ExecCalls(random.split(), isolated, first, cpu));
      } else {
        migration = List.of(new MigrationCalls(random.split(), first, cpu, List.copyOf(offers)));
      }
      running.add(
          Thread.ofPlatform().name("soak-" + id).start(() -> use(anything, migration, rounds)));
    }
    for (Thread thread : running) {
      thread.join();
    }
    if (failure.get() == null) {
      endFamily(machine, population, swap);
    }
  }

  /** What is in the swap area comes back before the processes end. */
  private void endFamily(Machine machine, Population population, SwapInfo swap) {
    try {
      machine.swapoff(swap);
      check(machine);
      population.end();
      check(machine);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  /** Where the threads meet after each round; it terminates when there are no more. */
  private Phaser rounds(Machine machine, List<Kcompactd> kcompactds, long end) {
    return new Phaser(threads) {
      @Override
      protected boolean onAdvance(int round, int registered) {
        kcompactds.forEach(Kcompactd::awaitSleep);
        check(machine);
        return round + 1 == ROUNDS_PER_FAMILY || System.nanoTime() >= end;
      }
    };
  }

  /**
   * @param migration programs of which every other round has the next
   */
  private void use(Program anything, List<Program> migration, Phaser rounds) {
    try {
      for (int round = 0; !rounds.isTerminated(); round++) {
        boolean isOdd = (round & 1) != 0;
        round(isOdd ? migration.get((round >> 1) % migration.size()) : anything, rounds);
      }
      if (failure.get() == null) {
        anything.end();
        migration.forEach(Program::end);
      }
    } catch (TimeoutException | InterruptedException | RuntimeException | Error e) {
      failure.compareAndSet(null, e);
      rounds.forceTermination(); // the others need not wait for this thread
    }
  }

  private void round(Program program, Phaser rounds) throws TimeoutException, InterruptedException {
    program.enter();
    int succeeded = 0;
    for (int i = 0; i < CALLS_PER_ROUND && failure.get() == null; i++) {
      succeeded += program.next() ? 1 : 0;
    }
    program.rest();
    calls.addAndGet(CALLS_PER_ROUND);
    successes.addAndGet(succeeded);
    int round = rounds.arrive();
    int _ = rounds.awaitAdvanceInterruptibly(round, STUCK.toSeconds(), TimeUnit.SECONDS);
  }

  private void check(Machine machine) {
    machine.check();
    checks.incrementAndGet();
  }
}
