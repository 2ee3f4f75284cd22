/**
 * Replays what {@code strace -f -y} recorded of a real program into the emulator, and compares the
 * maps that come out with those that Linux had.
 *
 * <p>{@link org.jmmu.replay.StraceReader} turns the log into {@link org.jmmu.replay.TraceEvent}s of
 * {@link org.jmmu.replay.Task}s; {@link org.jmmu.replay.StartImage} builds the address space that
 * execve left; {@link org.jmmu.replay.Replayer} makes the calls; {@link org.jmmu.replay.MapsDiff}
 * compares. {@link org.jmmu.replay.TouchModel} says what is assumed of the accesses that no log
 * shows.
 */
@NullMarked
package org.jmmu.replay;

import org.jspecify.annotations.NullMarked;
