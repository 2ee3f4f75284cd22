package org.jmmu.sched;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * In which order threads take turns, and how far each turn goes. The text form is meant to be
 * printed, pasted and replayed:
 *
 * <pre>
 * M:migrate.unmapped      # M runs until it comes to the pause point migrate.unmapped
 * W:vmaAdjust.vm_start*2  # W runs until it comes to vmaAdjust.vm_start for the second time from here
 * M:end W:end             # M runs until it is done, then W
 * </pre>
 *
 * Steps are separated by white space; {@code #} starts a comment that lasts to the end of the line.
 */
public final class Schedule {
  private static final Pattern WORD = Pattern.compile("\\S+");
  private static final Pattern NAME = Pattern.compile("[^\\s:*#]+");
  private static final Pattern STEP =
      Pattern.compile("(?<thread>[^\\s:*#]+):(?<until>[^\\s:*#]+(\\*[^\\s:*#]+)?)");

  private final List<Step> steps;

  private Schedule(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  public static Schedule of(List<Step> steps) {
    return new Schedule(steps);
  }

  /**
   * @throws IllegalArgumentException if {@code text} is not a schedule; says where and why
   */
  public static Schedule parse(String text) {
    List<Step> steps = new ArrayList<>();
    int lineNumber = 0;
    for (String line : text.lines().toList()) {
      lineNumber++;
      int comment = line.indexOf('#');
      String code = comment < 0 ? line : line.substring(0, comment);
      Matcher word = WORD.matcher(code);
      while (word.find()) {
        steps.add(parseStep(word.group(), lineNumber));
      }
    }
    return new Schedule(steps);
  }

  private static Step parseStep(String word, int lineNumber) {
    Matcher matcher = STEP.matcher(word);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "schedule, line %d: '%s' is not thread:point, thread:point*n or thread:end"
              .formatted(lineNumber, word));
    }
    try {
      return new Step(matcher.group("thread"), matcher.group("until"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "schedule, line %d: %s".formatted(lineNumber, e.getMessage()), e);
    }
  }

  public List<Step> steps() {
    return steps;
  }

  /** The text form, on one line; {@link #parse} of it equals this schedule. */
  @Override
  public String toString() {
    return steps.stream().map(Step::toString).collect(Collectors.joining(" "));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Schedule schedule && steps.equals(schedule.steps);
  }

  @Override
  public int hashCode() {
    return steps.hashCode();
  }

  /**
   * One turn of one thread.
   *
   * @param until {@code point}, {@code point*n} (the n-th time it is reached in this turn) or
   *     {@code end}
   */
  public record Step(String thread, String until) {
    /** The {@code until} of a thread that runs until it is done. */
    public static final String END = "end";

    public Step {
      if (!NAME.matcher(thread).matches()) {
        throw new IllegalArgumentException("'" + thread + "' is not a thread name");
      }
      String point = pointOf(until);
      if (!NAME.matcher(point).matches()) {
        throw new IllegalArgumentException("'" + until + "' is not a pause point");
      }
      if (occurrenceOf(until) < 1) {
        throw new IllegalArgumentException("'" + until + "': the count must be 1 or more");
      }
      if (point.equals(END) && !until.equals(END)) {
        throw new IllegalArgumentException("'" + until + "': a thread ends only once");
      }
    }

    public boolean untilEnd() {
      return until.equals(END);
    }

    /** The pause point at which the turn is over, without the count. */
    public String point() {
      return pointOf(until);
    }

    /** How many times the point is reached before the turn is over. */
    public int occurrence() {
      return occurrenceOf(until);
    }

    @Override
    public String toString() {
      return thread + ":" + until;
    }

    private static String pointOf(String until) {
      int star = until.indexOf('*');
      return star < 0 ? until : until.substring(0, star);
    }

    private static int occurrenceOf(String until) {
      int star = until.indexOf('*');
      if (star < 0) {
        return 1;
      }
      try {
        return Integer.parseInt(until.substring(star + 1));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'" + until + "': the count is not a number", e);
      }
    }
  }
}
