package org.jmmu.hunt;

import org.jspecify.annotations.Nullable;

/**
 * What a search over all scenarios of a variant came to.
 *
 * @param scenarios how many there are
 * @param schedules how many were run, all scenarios together
 * @param preemptions up to as many, every schedule of every scenario was run; -1 if time was too
 *     short even for those without
 * @param found null if the race was not lost
 */
public record Verification(
    int scenarios, long schedules, int preemptions, @Nullable FoundSchedule found) {}
