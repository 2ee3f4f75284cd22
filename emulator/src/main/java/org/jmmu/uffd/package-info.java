/**
 * userfaultfd: page faults that a program handles itself.
 *
 * <pre>
 *   faulting thread                            handler
 *   ─────────────────────────────────────────  ─────────────────────────────────────
 *   queues its fault
 *   looks at the entry again: still missing?
 *   gives up the VMA's lock, and waits   ────▶ read: a message
 *                                              UFFDIO_COPY, ZEROPAGE, MOVE: the entry is set
 *   the access is tried again            ◀──── wakes whoever waits in that range
 * </pre>
 *
 * No wake-up is lost: the fault is queued before it looks at the entry for the last time, and the
 * entry is set before the queue is searched.
 *
 * <p>Here are the contexts, what queues on them, and the faulting side. What fills the pages is in
 * {@code org.jmmu.mm}.
 */
@NullMarked
package org.jmmu.uffd;

import org.jspecify.annotations.NullMarked;
