/**
 * Pause points: named places in the emulator where a schedule can be steered.
 *
 * <p>Code calls {@link org.jmmu.sched.PausePoint#reach} between the steps that a race falls
 * between, and {@link org.jmmu.sched.PausePoint#blocked} where it would wait for a lock. Off (the
 * default) they are nothing: the JIT deletes a branch on a {@code static final} that is false.
 */
@NullMarked
package org.jmmu.sched;

import org.jspecify.annotations.NullMarked;
