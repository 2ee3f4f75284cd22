package org.jmmu.explain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jmmu.explain.Event.Change;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.Scenario;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;

/**
 * A run along a schedule, step by step.
 *
 * @param threads their names, in the order of the columns
 * @param start the state before the first step
 * @param events in the order in which they happened
 * @param what is wrong at the end, in one line; empty if nothing is
 */
public record Explanation(
    List<String> threads, Map<String, String> start, List<Event> events, String what) {

  /** Runs {@code scenario} along {@code schedule}. */
  public static Explanation of(Scenario scenario, Schedule schedule) {
    try (Scenario.Trial trial = scenario.start()) {
      Recorder recorder = new Recorder(trial);
      Map<String, String> start = recorder.state;
      Stepper stepper = Stepper.of(schedule).watchedBy(recorder::at);
      trial.threads().forEach(stepper::thread);
      String what;
      try {
        what = failures(stepper.run());
        what = what.isEmpty() ? trial.verdict() : what;
      } catch (DeadlockException e) {
        what = String.valueOf(e.getMessage()).lines().findFirst().orElse("deadlock");
      }
      return new Explanation(
          List.copyOf(trial.threads().keySet()), start, List.copyOf(recorder.events), what);
    }
  }

  private static String failures(StepResult result) {
    StringBuilder text = new StringBuilder();
    result
        .failures()
        .forEach(
            (name, failure) -> {
              String message = String.valueOf(failure).lines().findFirst().orElse("");
              text.append(text.isEmpty() ? "" : "; ").append(name).append(": ").append(message);
            });
    return text.toString();
  }

  /** Compares the state with what it was at the last event; used by one thread at a time. */
  private static final class Recorder {
    final List<Event> events = new ArrayList<>();
    final Scenario.Trial trial;
    Map<String, String> state;

    Recorder(Scenario.Trial trial) {
      this.trial = trial;
      this.state = trial.state();
    }

    void at(String thread, String where) {
      Map<String, String> now = trial.state();
      Map<String, String> names = new LinkedHashMap<>(state);
      names.putAll(now);
      List<Change> changes = new ArrayList<>();
      for (String name : names.keySet()) {
        if (!Objects.equals(state.get(name), now.get(name))) {
          changes.add(new Change(name, state.get(name), now.get(name)));
        }
      }
      state = now;
      events.add(new Event(thread, where, List.copyOf(changes)));
    }
  }
}
