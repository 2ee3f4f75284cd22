/**
 * The emulator against the host's kernel: the same random sequences of calls on both sides, and the
 * state of the process compared after every call.
 *
 * <pre>
 *   CallGenerator --calls--> Differential --+--> EmulatorSide   org.jmmu.sys
 *                                 |         +--> HostSide       peer.c, over a pipe
 *                              Shrinker
 * </pre>
 *
 * <p>A sequence does not depend on what its calls return, so that any part of it is a sequence too:
 * that is what shrinking lives on. All happens inside a {@link org.jmmu.differential.Window} of
 * addresses in which a process starts without mappings.
 */
@NullMarked
package org.jmmu.differential;

import org.jspecify.annotations.NullMarked;
