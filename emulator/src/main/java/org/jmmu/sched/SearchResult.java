package org.jmmu.sched;

import org.jspecify.annotations.Nullable;

/**
 * What a search has found.
 *
 * @param schedules how many were run
 * @param preemptions schedules with as many preemptions, or fewer, were all run; -1 if not even
 *     those without
 * @param failure the first schedule that went wrong; null if none did
 */
public record SearchResult(long schedules, int preemptions, @Nullable Failure failure) {
  /**
   * A schedule that went wrong.
   *
   * @param schedule for a {@link Stepper}
   * @param preemptions how often a thread lost its turn though it could have gone on; -1 if that
   *     was not counted
   * @param what went wrong, in one line
   */
  public record Failure(Schedule schedule, int preemptions, String what) {}
}
