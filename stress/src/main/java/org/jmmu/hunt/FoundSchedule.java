package org.jmmu.hunt;

import org.jmmu.sched.Scenario;
import org.jmmu.sched.Schedule;

/**
 * A schedule under which a race is lost.
 *
 * @param scenario the threads that it is for
 * @param preemptions how often a thread loses its turn though it could go on; -1 if nobody counted
 * @param what is wrong at the end, in one line
 */
public record FoundSchedule(Scenario scenario, Schedule schedule, int preemptions, String what) {}
