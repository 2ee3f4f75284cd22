/**
 * Compaction: free memory in one piece, by moving pages together.
 *
 * <pre>
 *   zone   [ . P . P P . | . . P . . P | P . . P . . | P . . P . P ]
 *           migrate scanner ─▶                     ◀─ free scanner
 * </pre>
 *
 * One scanner takes pages that can be moved, from the start of the zone; the other takes free
 * frames for them, from its end. Where they meet, the run is over: what is free lies below, what is
 * in use above.
 */
@NullMarked
package org.jmmu.compact;

import org.jspecify.annotations.NullMarked;
