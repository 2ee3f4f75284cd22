package org.jmmu.sched;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The order in which threads run, as a short text that can be printed and pasted into a test:
 *
 * <pre>
 *   M:migrate.unmapped W:vmaAdjust.vm_start   # a step each: thread, colon, where its turn ends
 *   M:end W:end
 * </pre>
 *
 * A turn ends when the thread reaches the pause point of that name ({@code name*2}: for the second
 * time in this turn), or is blocked by a lock, or ends ({@code end}).
 */
public final class Schedule {
  /** As a place: until the thread has finished. */
  public static final String END = "end";

  private static final Pattern STEP = Pattern.compile("(\\w+):([\\w.]+)(?:\\*(\\d{1,9}))?");
  private static final Pattern COMMENT = Pattern.compile("#.*");

  private final List<Step> steps;

  /**
   * One turn.
   *
   * @param thread who runs
   * @param until name of a pause point, or {@link #END}
   * @param times how often the point is to be reached
   */
  public record Step(String thread, String until, int times) {
    @Override
    public String toString() {
      return thread + ":" + until + (times == 1 ? "" : "*" + times);
    }
  }

  private Schedule(List<Step> steps) {
    this.steps = steps;
  }

  /**
   * @throws IllegalArgumentException naming the word that is no step
   */
  public static Schedule parse(String text) {
    String words = COMMENT.matcher(text).replaceAll("").strip();
    if (words.isEmpty()) {
      throw new IllegalArgumentException("a schedule needs at least one step, as in \"M:end\"");
    }
    return new Schedule(Pattern.compile("\\s+").splitAsStream(words).map(Schedule::step).toList());
  }

  private static Step step(String word) {
    Matcher matcher = STEP.matcher(word);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "\"" + word + "\" is no step; expected thread:point, thread:point*2 or thread:end");
    }
    int times = matcher.group(3) == null ? 1 : Integer.parseInt(matcher.group(3));
    if (times == 0) {
      throw new IllegalArgumentException("\"" + word + "\": a point is reached once or more often");
    }
    return new Step(matcher.group(1), matcher.group(2), times);
  }

  public List<Step> steps() {
    return steps;
  }

  /** The text again, on one line. */
  @Override
  public String toString() {
    return steps.stream().map(Step::toString).collect(Collectors.joining(" "));
  }
}
