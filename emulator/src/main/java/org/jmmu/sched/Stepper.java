package org.jmmu.sched;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Runs named threads one at a time along a {@link Schedule}: the same text gives the same run.
 *
 * <pre>{@code
 * Stepper.of(Schedule.parse("M:migrate.unmapped W:vmaAdjust.vm_start M:end W:end"))
 *     .thread("M", fixture::migrate)
 *     .thread("W", fixture::adjust)
 *     .run()
 *     .throwIfFailed();
 * }</pre>
 *
 * When the schedule is over, all threads run on to their ends in turn.
 */
public final class Stepper {
  private final Schedule schedule;
  private final Map<String, SteppedThread> threads = new LinkedHashMap<>();

  private Stepper(Schedule schedule) {
    this.schedule = schedule;
  }

  public static Stepper of(Schedule schedule) {
    return new Stepper(schedule);
  }

  public Stepper thread(String name, Runnable body) {
    if (threads.put(name, new SteppedThread(name, body)) != null) {
      throw new IllegalArgumentException("two threads are named " + name);
    }
    return this;
  }

  /**
   * Runs the schedule; to be called once.
   *
   * @throws IllegalArgumentException if the schedule names a thread that does not exist
   * @throws IllegalStateException if all remaining threads wait for each other's locks, if a thread
   *     waits for something else past the deadline, or if pause points are off in this JVM
   */
  public Result run() {
    if (!PausePoint.canStep()) {
      throw new IllegalStateException(
          "to step, start the JVM with -D" + PausePoint.PROPERTY + "=step");
    }
    for (Schedule.Step step : schedule.steps()) {
      if (!threads.containsKey(step.thread())) {
        throw new IllegalArgumentException(
            "step " + step + ": the threads are " + threads.keySet());
      }
    }
    List<Turn> turns = new ArrayList<>();
    for (Schedule.Step step : schedule.steps()) {
      take(turns, thread(step.thread()), step);
    }
    finish(turns);
    return new Result(List.copyOf(threads.values()), turns);
  }

  private SteppedThread thread(String name) {
    SteppedThread thread = threads.get(name);
    if (thread == null) {
      throw new IllegalArgumentException("no thread " + name);
    }
    return thread;
  }

  private static void take(List<Turn> turns, SteppedThread thread, Schedule.Step step) {
    if (thread.isAlive()) {
      turns.add(new Turn(step, thread.run(step.until(), step.times())));
    } else {
      turns.add(new Turn(step, thread.event()));
    }
  }

  private void finish(List<Turn> turns) {
    List<StepEvent> before = List.of();
    while (true) {
      List<SteppedThread> alive = threads.values().stream().filter(SteppedThread::isAlive).toList();
      if (alive.isEmpty()) {
        return;
      }
      for (SteppedThread thread : alive) {
        take(turns, thread, new Schedule.Step(thread.name(), Schedule.END, 1));
      }
      List<StepEvent> events = alive.stream().map(SteppedThread::event).toList();
      // A whole round, and each still waits for what it waited for: nobody will ever let go.
      if (events.equals(before)) {
        throw new IllegalStateException(
            "deadlock: "
                + alive.stream()
                    .map(thread -> thread.name() + " " + thread.event())
                    .collect(Collectors.joining(", ")));
      }
      before = events;
    }
  }

  private record Turn(Schedule.Step step, StepEvent event) {
    /** Whether the turn ended where the schedule said. */
    boolean asPlanned() {
      return switch (event.kind()) {
        case REACHED -> true;
        case ENDED -> step.until().equals(Schedule.END);
        case BLOCKED -> false;
      };
    }
  }

  /** What happened. */
  public static final class Result {
    private static final int COLUMN = 42;

    private final List<SteppedThread> threads;
    private final List<Turn> turns;

    private Result(List<SteppedThread> threads, List<Turn> turns) {
      this.threads = threads;
      this.turns = turns;
    }

    /** How each turn ended: the schedule's first, then those that finished the threads. */
    public List<StepEvent> events() {
      return turns.stream().map(Turn::event).toList();
    }

    /** Whether every turn ended where the schedule said: no thread was blocked or ended early. */
    public boolean asPlanned() {
      return turns.stream().allMatch(Turn::asPlanned);
    }

    /** Throws what ended a stepped thread, if an exception did. */
    public void throwIfFailed() {
      for (SteppedThread thread : threads) {
        Throwable failure = thread.failure();
        if (failure != null) {
          throw new IllegalStateException("thread " + thread.name() + " failed\n" + this, failure);
        }
      }
    }

    /** A column per thread, a line per turn. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      for (SteppedThread thread : threads) {
        text.append(pad(thread.name()));
      }
      for (Turn turn : turns) {
        text.append('\n');
        for (SteppedThread thread : threads) {
          boolean its = thread.name().equals(turn.step().thread());
          text.append(pad(its ? turn.event().toString() : ""));
        }
      }
      return text.toString().stripTrailing();
    }

    private static String pad(String cell) {
      return cell + " ".repeat(Math.max(1, COLUMN - cell.length()));
    }
  }
}
