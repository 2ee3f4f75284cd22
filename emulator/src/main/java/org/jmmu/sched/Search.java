package org.jmmu.sched;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jmmu.sched.BoundedPreemptions.Choices;
import org.jmmu.sched.Scenario.Trial;
import org.jmmu.sched.SearchResult.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link Scenario} under many schedules, until one goes wrong. One thread runs at a time, so
 * that a schedule decides what happens; a lock that another thread holds is a stop, and when all
 * stop it is a deadlock.
 *
 * <p>A search is used by one thread, and holds threads of its own until it is closed.
 */
public final class Search implements AutoCloseable {
  private static final int UNCOUNTED = -1;

  private final Scenario scenario;
  private final Deadline deadline;
  private final List<ControlledThread> threads = new ArrayList<>();
  private long schedules;
  private int nrPoints;

  /**
   * @param deadline when to give up; each search ends with the schedule that is under way then
   * @throws IllegalStateException if pause points are off in this JVM
   */
  public Search(Scenario scenario, Deadline deadline) {
    if (!PausePoint.canStep()) {
      throw new IllegalStateException(
          "schedules can be searched only with -D" + PausePoint.PROPERTY + "=step");
    }
    this.scenario = scenario;
    this.deadline = deadline;
  }

  /**
   * All schedules with up to {@code mostPreemptions} preemptions, those with fewer first: what is
   * found has as few as possible.
   */
  public SearchResult exhaustive(int mostPreemptions) {
    List<Choices> level = List.of(Choices.NONE);
    for (int preemptions = 0; preemptions <= mostPreemptions; preemptions++) {
      List<Choices> next = new ArrayList<>();
      Deque<Choices> todo = new ArrayDeque<>(level);
      while (!todo.isEmpty()) {
        if (deadline.hasPassed()) {
          return new SearchResult(schedules, preemptions - 1, null);
        }
        Choices choices = todo.poll();
        BoundedPreemptions strategy = new BoundedPreemptions(choices);
        Failure failure = run(strategy, choices.preemptions());
        if (failure != null) {
          return new SearchResult(schedules, preemptions - 1, failure);
        }
        strategy.free().forEach(todo::push);
        if (preemptions < mostPreemptions) {
          next.addAll(strategy.preempting());
        }
      }
      level = next;
    }
    return new SearchResult(schedules, mostPreemptions, null);
  }

  /** Schedules drawn by lot, at most {@code most} of them. */
  public SearchResult random(long seed, long most) {
    for (long i = 0; i < most && !deadline.hasPassed(); i++) {
      Failure failure = run(new RandomWalk(seed + i), UNCOUNTED);
      if (failure != null) {
        return new SearchResult(schedules, UNCOUNTED, failure);
      }
    }
    return new SearchResult(schedules, UNCOUNTED, null);
  }

  /**
   * Schedules of threads with random priorities, at most {@code most} of them.
   *
   * @param depth orderings that the bug takes, 1 or more
   */
  public SearchResult pct(long seed, int depth, long most) {
    for (long i = 0; i < most && !deadline.hasPassed(); i++) {
      int nrThreads = Math.max(2, threads.size());
      Failure failure = run(new Pct(seed + i, nrThreads, nrPoints, depth), UNCOUNTED);
      if (failure != null) {
        return new SearchResult(schedules, UNCOUNTED, failure);
      }
    }
    return new SearchResult(schedules, UNCOUNTED, null);
  }

  private @Nullable Failure run(Strategy strategy, int preemptions) {
    schedules++;
    Stepper.RUNNING.incrementAndGet();
    try (Trial trial = scenario.start()) {
      List<String> names = List.copyOf(trial.threads().keySet());
      List<Runnable> bodies = List.copyOf(trial.threads().values());
      while (threads.size() < names.size()) {
        threads.add(new ControlledThread(threads.size()));
      }
      ControlledRun run = new ControlledRun(names, List.copyOf(threads), strategy);
      if (!run.run(bodies)) {
        close(); // a thread that was unwound may have left something behind
      }
      nrPoints = Math.max(nrPoints, run.nrPoints());
      String what = run.failure();
      if (what.isEmpty()) {
        what = trial.verdict();
      }
      return what.isEmpty() ? null : new Failure(run.schedule(), preemptions, what);
    } finally {
      Stepper.RUNNING.decrementAndGet();
    }
  }

  @Override
  public void close() {
    threads.forEach(ControlledThread::close);
    threads.clear();
  }
}
