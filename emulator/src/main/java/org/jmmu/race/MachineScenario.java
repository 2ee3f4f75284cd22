package org.jmmu.race;

import java.util.Map;
import java.util.function.Supplier;
import org.jmmu.sched.Scenario;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineState;

/**
 * A scenario whose state is a machine: that of a race's fixture.
 *
 * @param run makes everything up to the point where the threads start
 */
public record MachineScenario(String id, Supplier<Run> run) implements Scenario {
  @Override
  public Trial start() {
    return run.get();
  }

  /** One run. */
  public static final class Run implements Scenario.Trial {
    private final Machine machine;
    private final MachineState state;
    private final Map<String, Runnable> threads;
    private final Supplier<String> judge;

    /**
     * @param machine closed at the end
     * @param threads by name, in the order in which they run if nobody interferes
     * @param judge says what is wrong once the threads are done, in one line; empty if nothing is
     */
    public Run(Machine machine, Map<String, Runnable> threads, Supplier<String> judge) {
      this.machine = machine;
      this.state = machine.state();
      this.threads = threads;
      this.judge = judge;
    }

    @Override
    public Map<String, Runnable> threads() {
      return threads;
    }

    @Override
    public String verdict() {
      return judge.get();
    }

    @Override
    public Map<String, String> state() {
      return state.now();
    }

    @Override
    public void close() {
      machine.close();
    }
  }
}
