package org.jmmu.sched;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jmmu.sched.Schedule.Step;
import org.jmmu.sched.StepResult.Kind;
import org.jmmu.sched.StepResult.Outcome;

/**
 * Runs named threads along a {@link Schedule}, one at a time.
 *
 * <p>A turn ends when the thread comes to the pause point of its step, when it is done, or when it
 * runs into a lock that another thread holds. In the last case the schedule goes on with its next
 * step, and the thread tries the lock again at its own next turn, not before. After the last step
 * the threads that are not done take turns, in the order in which they were added, until all are
 * done.
 *
 * <p>Since only one thread runs at any moment, and waiting depends on turns alone, the same
 * schedule gives the same run. That holds as long as the stepped threads share locks with each
 * other only.
 */
public final class Stepper {
  static final AtomicInteger RUNNING = new AtomicInteger();

  private final Schedule schedule;
  private final Map<String, Runnable> bodies = new LinkedHashMap<>();
  private Watcher watcher = (thread, where) -> {};

  private Stepper(Schedule schedule) {
    this.schedule = schedule;
  }

  public static Stepper of(Schedule schedule) {
    return new Stepper(schedule);
  }

  /**
   * Adds a thread.
   *
   * @throws IllegalArgumentException if there is one of that name
   */
  public Stepper thread(String name, Runnable body) {
    if (bodies.putIfAbsent(name, body) != null) {
      throw new IllegalArgumentException("there are two threads named " + name);
    }
    return this;
  }

  /** Looks on wherever a thread stops or could be stopped; all threads stand still meanwhile. */
  public interface Watcher {
    /**
     * @param thread the one that runs
     * @param where the pause point it came to, {@code waits for LOCK}, or {@code end}
     */
    void at(String thread, String where);
  }

  /** Lets somebody look on. */
  public Stepper watchedBy(Watcher newWatcher) {
    watcher = newWatcher;
    return this;
  }

  /** Whether a run is under way anywhere in this JVM; background threads hold still meanwhile. */
  public static boolean isRunning() {
    return PausePoint.canStep() && RUNNING.get() != 0;
  }

  /**
   * Runs the threads to their end. An exception that ends one of them is in the result.
   *
   * @throws IllegalArgumentException if the schedule names a thread that was not added
   * @throws IllegalStateException if pause points are off in this JVM, or the caller is stepped
   * @throws DeadlockException if all threads that are left wait for each other, or one does not
   *     come to any stop
   */
  public StepResult run() {
    if (!PausePoint.canStep()) {
      throw new IllegalStateException(
          "threads can be stepped only with -D" + PausePoint.PROPERTY + "=step");
    }
    if (PausePoint.isStepped()) {
      throw new IllegalStateException("a stepped thread cannot step others");
    }
    for (Step step : schedule.steps()) {
      if (!bodies.containsKey(step.thread())) {
        throw new IllegalArgumentException(
            "step %s: no thread %s, only %s".formatted(step, step.thread(), bodies.keySet()));
      }
    }
    RUNNING.incrementAndGet();
    try {
      return new Run().run();
    } finally {
      RUNNING.decrementAndGet();
    }
  }

  /** The state of one run. */
  private final class Run {
    private final Map<String, SteppedThread> threads = new LinkedHashMap<>();
    private final List<Outcome> outcomes = new ArrayList<>();

    StepResult run() {
      bodies.forEach((name, body) -> threads.put(name, new SteppedThread(name, body, watcher)));
      threads.values().forEach(SteppedThread::start);
      try {
        for (Step step : schedule.steps()) {
          take(step, true);
        }
        runToEnd();
      } finally {
        // On the way out because of a deadlock, unwind all at once: what one still holds another
        // may need to unwind.
        threads.values().forEach(SteppedThread::abort);
        Deadline deadline = Deadline.start();
        threads.values().forEach(thread -> thread.join(deadline));
      }
      return result();
    }

    private void runToEnd() {
      int inVain = 0;
      for (List<SteppedThread> left = left(); !left.isEmpty(); left = left()) {
        for (SteppedThread thread : left) {
          take(new Step(thread.name(), Step.END), false);
          inVain = thread.isStuck() && !thread.hasEnded() ? inVain + 1 : 0;
        }
        // Nothing has changed since each of them last looked: nothing ever will.
        if (inVain >= left.size() && !left().isEmpty()) {
          throw new DeadlockException(
              "all threads are blocked: "
                  + left.stream()
                      .map(thread -> thread.name() + " on " + thread.waitsFor())
                      .collect(Collectors.joining(", "))
                  + "\n"
                  + result());
        }
      }
    }

    private List<SteppedThread> left() {
      return threads.values().stream().filter(thread -> !thread.hasEnded()).toList();
    }

    private void take(Step step, boolean inSchedule) {
      SteppedThread thread = threads.get(step.thread());
      if (thread == null) {
        throw new AssertionError(step);
      }
      if (thread.hasEnded()) {
        outcomes.add(new Outcome(step, ended(step), "", List.of(), inSchedule));
        return;
      }
      SteppedThread.Stop stop = thread.turn(step);
      Kind kind =
          switch (stop.kind()) {
            case REACHED -> Kind.REACHED;
            case BLOCKED -> Kind.BLOCKED;
            case ENDED -> ended(step);
            case STARTED -> throw new AssertionError(stop);
          };
      String lock = kind == Kind.BLOCKED ? stop.detail() : "";
      outcomes.add(new Outcome(step, kind, lock, thread.passed(), inSchedule));
    }

    private static Kind ended(Step step) {
      return step.untilEnd() ? Kind.ENDED : Kind.NEVER_REACHED;
    }

    private StepResult result() {
      Map<String, Throwable> failures = new LinkedHashMap<>();
      for (SteppedThread thread : threads.values()) {
        Throwable failure = thread.failure();
        if (failure != null) {
          failures.put(thread.name(), failure);
        }
      }
      return new StepResult(List.copyOf(threads.keySet()), outcomes, failures);
    }
  }
}
