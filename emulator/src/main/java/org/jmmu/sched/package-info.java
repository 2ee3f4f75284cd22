/**
 * Pause points: named places in the emulator where a schedule can be steered.
 *
 * <p>Code calls {@link org.jmmu.sched.PausePoint#reach} between the steps that a race falls
 * between, and {@link org.jmmu.sched.PausePoint#blocked} and {@link
 * org.jmmu.sched.PausePoint#unblocked} around a wait for a lock. Off (the default) they are
 * nothing: the JIT deletes a branch on a {@code static final} that is false.
 *
 * <p>A {@link org.jmmu.sched.Stepper} takes threads from pause point to pause point along a {@link
 * org.jmmu.sched.Schedule}, a short text that can be printed, pasted into a test and replayed:
 *
 * <pre>
 * M:migrate.unmapped W:vmaAdjust.vm_start M:end W:end
 * </pre>
 */
@NullMarked
package org.jmmu.sched;

import org.jspecify.annotations.NullMarked;
