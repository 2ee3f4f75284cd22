package org.jmmu.sched;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.sched.Schedule.Step;

/** What happened in a {@link Stepper} run, step by step. Prints as one column per thread. */
public final class StepResult {
  private static final int LEAST_WIDTH = 12;

  private final List<String> threads;
  private final List<Outcome> outcomes;
  private final Map<String, Throwable> failures;

  /** How a turn ended. */
  public enum Kind {
    /** The thread came to the pause point of the step. */
    REACHED,
    /** The thread is done; so the step wanted. */
    ENDED,
    /** The thread ran into a lock that another thread holds; it tries again at its next turn. */
    BLOCKED,
    /** The thread was done before it came to the pause point of the step. */
    NEVER_REACHED
  }

  /**
   * @param lock what the thread waits for if {@code kind} is BLOCKED, otherwise empty
   * @param passed the pause points that the thread came to in this turn
   * @param inSchedule false for the turns that run the threads to their end after the last step
   */
  public record Outcome(
      Step step, Kind kind, String lock, List<String> passed, boolean inSchedule) {
    @Override
    public String toString() {
      return switch (kind) {
        case REACHED -> step.until();
        case ENDED -> Step.END;
        case BLOCKED -> "blocked on " + lock;
        case NEVER_REACHED -> "never reached " + step.until();
      };
    }
  }

  StepResult(List<String> threads, List<Outcome> outcomes, Map<String, Throwable> failures) {
    this.threads = List.copyOf(threads);
    this.outcomes = List.copyOf(outcomes);
    this.failures = new LinkedHashMap<>(failures);
  }

  /** One outcome per turn: those of the schedule, then those that ran the threads to their end. */
  public List<Outcome> outcomes() {
    return outcomes;
  }

  /** The exception that ended a thread, by the thread's name; only those that were ended by one. */
  public Map<String, Throwable> failures() {
    return Map.copyOf(failures);
  }

  /**
   * Throws what the first thread that failed threw; the failures of the others are suppressed
   * exceptions of it.
   */
  @SuppressWarnings("ReferenceEquality") // the same exception cannot suppress itself
  public StepResult throwIfFailed() {
    List<Throwable> all = new ArrayList<>(failures.values());
    if (!all.isEmpty()) {
      Throwable first = all.getFirst();
      all.stream().skip(1).filter(t -> t != first).forEach(first::addSuppressed);
      if (first instanceof RuntimeException e) {
        throw e;
      }
      if (first instanceof Error e) {
        throw e;
      }
      throw new IllegalStateException(first);
    }
    return this;
  }

  /** One column per thread, one line per turn; the turns after the last step have no number. */
  @Override
  public String toString() {
    int width = LEAST_WIDTH;
    for (Outcome outcome : outcomes) {
      width = Math.max(width, outcome.toString().length() + 2);
    }
    StringBuilder text = new StringBuilder();
    line(text, "", threads, width);
    int number = 0;
    for (Outcome outcome : outcomes) {
      number++;
      List<String> cells = new ArrayList<>();
      for (String thread : threads) {
        cells.add(thread.equals(outcome.step().thread()) ? outcome.toString() : "");
      }
      line(text, outcome.inSchedule() ? Integer.toString(number) : "-", cells, width);
    }
    failures.forEach((thread, failure) -> text.append(thread + " threw " + failure + "\n"));
    return text.toString();
  }

  private static void line(StringBuilder text, String number, List<String> cells, int width) {
    StringBuilder line = new StringBuilder("%3s  ".formatted(number));
    for (String cell : cells) {
      line.append(cell).append(" ".repeat(Math.max(0, width - cell.length())));
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }
}
