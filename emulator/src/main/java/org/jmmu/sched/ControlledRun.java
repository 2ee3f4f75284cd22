package org.jmmu.sched;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jmmu.sched.Schedule.Step;
import org.jspecify.annotations.Nullable;

/**
 * One run of a {@link Scenario} whose threads take turns as a {@link Strategy} says, and the {@link
 * Schedule} that a {@link Stepper} repeats it with.
 *
 * <p>The turn is handed from thread to thread; everything below is used by the thread that has it
 * (by the caller before the first turn and after the last), and published by the write of {@code
 * turn}.
 */
final class ControlledRun {
  private static final int NOBODY = -1;

  private final List<String> names;
  private final List<ControlledThread> threads;
  private final Strategy strategy;
  private final Thread caller = Thread.currentThread();

  private volatile int turn = NOBODY;
  private volatile boolean aborted;
  private volatile boolean done;

  private final List<Step> steps = new ArrayList<>();
  private final Map<String, Integer> timesInTurn = new HashMap<>();
  private final Map<String, Throwable> failures = new LinkedHashMap<>();
  private final @Nullable String[] waitsFor;
  private long alive;
  private long waiting; // bit n: thread n has looked at a lock in vain
  private long hopeless; // and nothing has been released since
  private int inVain; // threads, in a row, that looked again in vain
  private boolean preempted; // the turn was taken from another thread
  private int nrPoints;
  private @Nullable String deadlock;
  private int left; // threads that have not left their bodies; guarded by this

  ControlledRun(List<String> names, List<ControlledThread> threads, Strategy strategy) {
    this.names = names;
    this.threads = threads;
    this.strategy = strategy;
    this.waitsFor = new String[names.size()];
  }

  /**
   * Runs the bodies to their end, or until none of them can go on.
   *
   * @return whether the threads can be used again
   */
  boolean run(List<Runnable> bodies) {
    left = bodies.size();
    alive = (1L << bodies.size()) - 1;
    for (int number = 0; number < bodies.size(); number++) {
      threads.get(number).give(this, names.get(number), bodies.get(number));
    }
    handTo(strategy.atStop(alive));
    Deadline deadline = Deadline.startOfTurn();
    while (!done) {
      LockSupport.parkNanos(this, deadline.remainingNanos());
      if (deadline.hasPassed() && !done) {
        deadlock = "no end within %d ms: %s".formatted(deadline.millis(), stacks());
        abort();
        return false;
      }
    }
    return !aborted;
  }

  private String stacks() {
    int number = turn;
    return number == NOBODY ? "nobody runs" : names.get(number) + threads.get(number).stack();
  }

  /** What went wrong in the threads themselves; empty if nothing did. */
  String failure() {
    if (deadlock != null) {
      return deadlock;
    }
    StringBuilder text = new StringBuilder();
    failures.forEach(
        (name, failure) -> {
          String message = String.valueOf(failure).lines().findFirst().orElse("");
          text.append(text.isEmpty() ? "" : "; ").append(name).append(": ").append(message);
        });
    return text.toString();
  }

  Schedule schedule() {
    return Schedule.of(steps);
  }

  int nrPoints() {
    return nrPoints;
  }

  int turn() {
    return turn;
  }

  boolean isAborted() {
    return aborted;
  }

  // The side of the thread that has the turn.

  /**
   * @param offered whether the turn may be had for nothing
   */
  void reached(int number, String point, boolean offered) {
    nrPoints++;
    timesInTurn.merge(point, 1, Integer::sum);
    waiting &= ~(1L << number);
    inVain = 0;
    preempted = false;
    long others = alive & ~(1L << number) & ~hopeless;
    if (others == 0) {
      return;
    }
    int next = offered ? strategy.atOffer(number, others) : strategy.atPoint(number, others);
    if (next != number) {
      int times = timesInTurn.getOrDefault(point, 1);
      endTurn(number, times == 1 ? point : point + "*" + times);
      preempted = true;
      handTo(next);
    }
  }

  void blocked(int number, String lock) {
    long self = 1L << number;
    inVain = (waiting & self) != 0 ? inVain + 1 : 0;
    waiting |= self;
    hopeless |= self;
    waitsFor[number] = lock;
    endTurn(number, Step.END);
    if (preempted) {
      strategy.inVain();
      preempted = false;
    }
    if (inVain > 2 * Long.bitCount(alive)) {
      deadlock = "deadlock: " + whoWaits();
      abort();
      return;
    }
    next(number);
  }

  void unblocked(int number) {
    waiting &= ~(1L << number);
    hopeless &= ~(1L << number);
    waitsFor[number] = null;
    inVain = 0;
  }

  /** A lock is free that was held: those who wait may look again. */
  void released() {
    hopeless = 0;
  }

  void ended(int number, @Nullable Throwable failure) {
    if (!aborted) {
      if (failure != null) {
        failures.put(names.get(number), failure);
      }
      endTurn(number, Step.END);
      alive &= ~(1L << number);
      hopeless = 0;
      if (alive != 0) {
        next(number);
      }
    }
    boolean last;
    synchronized (this) {
      last = --left == 0;
    }
    if (last) {
      done = true;
      LockSupport.unpark(caller);
    }
  }

  /** Some waits end without a release: when all wait, each looks again before it is a deadlock. */
  private void next(int number) {
    if ((alive & ~hopeless) == 0) {
      hopeless = 0;
    }
    long candidates = alive & ~hopeless;
    long others = candidates & ~(1L << number);
    handTo(strategy.atStop(others != 0 ? others : candidates));
  }

  private void endTurn(int number, String until) {
    steps.add(new Step(names.get(number), until));
    timesInTurn.clear();
  }

  private void handTo(int number) {
    if (turn != number) {
      turn = number;
      threads.get(number).wake();
    }
  }

  private String whoWaits() {
    List<String> all = new ArrayList<>();
    for (int number = 0; number < waitsFor.length; number++) {
      if (waitsFor[number] != null && (alive >>> number & 1) != 0) {
        all.add(names.get(number) + " waits for " + waitsFor[number]);
      }
    }
    return String.join(", ", all);
  }

  private void abort() {
    aborted = true;
    threads.forEach(ControlledThread::wake);
  }
}
