package org.jmmu.differential;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jmmu.differential.Result.Kind;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;

/** Runs sequences on a machine of the emulator. */
final class EmulatorSide implements Side {
  private static final int NR_FRAMES = 16_384;

  private final Set<Observation> observations;
  private final Supplier<HugePool> hostPool;

  EmulatorSide(Set<Observation> observations) {
    this(observations, () -> HugePool.EMPTY);
  }

  /**
   * @param pool of huge pages that a sequence starts with
   */
  EmulatorSide(Set<Observation> observations, Supplier<HugePool> pool) {
    this.observations = observations;
    hostPool = pool;
  }

  /** On a thread of its own: one that a crash left with locks in hand is of no more use. */
  @Override
  public Run run(List<Call> calls, int describeAt) {
    FutureTask<Run> task = new FutureTask<>(() -> runHere(calls, describeAt));
    Thread.ofPlatform().start(task);
    try {
      return task.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Run runHere(List<Call> calls, int describeAt) {
    HugePool pool = hostPool.get();
    MachineConfig config =
        MachineConfig.small()
            .withFrames(NR_FRAMES + pool.most() * HugePages.NR_FRAMES)
            .withCpus(EmulatorProcesses.MAX)
            .withHugePages(pool.pages());
    if (!HostSide.hasProtectionKeys()) {
      config = config.withoutProtectionKeys();
    }
    StateRecorder recorder = new StateRecorder();
    List<Result> results = new ArrayList<>(calls.size());
    try (Machine machine = Machine.boot(config)) {
      machine.sysctl().nrOvercommitHugepages = pool.overcommit();
      EmulatorProcesses processes = new EmulatorProcesses(machine, observations, recorder);
      for (Call call : calls) {
        recorder.start(results.size() == describeAt);
        results.add(processes.make(call));
      }
      return new Run(results, recorder.text());
    } catch (RuntimeException | AssertionError e) { // what no call should end in
      return crash(results, e);
    }
  }

  /** A run that ended in the call after those that have results. */
  static Run crash(List<Result> results, Throwable why) {
    List<Result> all = new ArrayList<>(results);
    all.add(new Result(Kind.CRASH, 0, 0));
    StringWriter text = new StringWriter();
    why.printStackTrace(new PrintWriter(text));
    return new Run(all, text.toString());
  }
}
