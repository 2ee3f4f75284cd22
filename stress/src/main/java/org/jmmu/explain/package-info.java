/**
 * Finds a schedule under which a race is lost, and tells what happens step by step. The schedules
 * are those of {@link org.jmmu.sched.Search}, over the scenarios of {@link
 * org.jmmu.race.RaceVariant#scenarios}.
 */
@NullMarked
package org.jmmu.explain;

import org.jspecify.annotations.NullMarked;
