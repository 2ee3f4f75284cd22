/**
 * Race mremap-peek: the second reverse-map walk of a migration against mremap (Linux 2.6.34, found
 * in 2011).
 *
 * <h2>Symptom</h2>
 *
 * The {@code BUG_ON} of race vma-adjust came back in 3.0, with mremap on the stack of the process:
 * it faulted on a migration entry whose page nobody was migrating. mremap holds mmap_lock for
 * writing and the locks of both page tables. A walk holds neither mmap_lock nor, between two VMAs,
 * any page-table lock, so that an entry can go from one place to the other behind its back.
 *
 * <h2>How it is lost</h2>
 *
 * <pre>
 *   M: migrate page X                        W: mremap, from A to B
 *   ---------------------------------------  ---------------------------------------
 *   walk 1: A's entry → migration entry; copy
 *   walk 2 looks at B: nothing
 *                                            locks both page tables
 *                                            A's entry → B
 *                                            unlocks them
 *   walk 2 looks at A: nothing
 *   unlock, free the old frame
 *   the entry at B waits for ever
 * </pre>
 *
 * <pre>
 *   M, looking without a lock                W: mremap, from A to B
 *   ---------------------------------------  ---------------------------------------
 *                                            locks both page tables
 *                                            takes the entry from A
 *   walk 2 looks at A: nothing
 *   walk 2 looks at B: nothing
 *                                            gives it to B
 * </pre>
 *
 * {@link org.jmmu.race.mremappeek.Interleaving} has the two layouts. In the second diagram the
 * order of the two looks does not matter, in the first it does.
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>o = a dangling entry can be left behind, - = it cannot</caption>
 *   <tr><th>variant</th><th>destination visited behind the source</th>
 *       <th>destination visited before it</th></tr>
 *   <tr><td>PEEK (2.6.34 to 3.0)</td><td>o</td><td>o</td></tr>
 *   <tr><td>PTL_FIRST (3.1)</td><td>-</td><td>o</td></tr>
 *   <tr><td>RMAP_LOCKS (from 3.7)</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <h2>What was expected, and what the runs say</h2>
 *
 * <ul>
 *   <li>Refuted: that it is enough to take the page-table lock before looking, as the change in 3.1
 *       took it to be. The lock is given up between two VMAs, and if the destination comes first
 *       the whole move fits in between. PTL_FIRST, destination before source: {@code
 *       W:moveVma.copied M:migrate.copied M:rmapWalk.vma*2 W:moveVma.moved M:end W:end}. That is
 *       what the locks of 3.7 are for.
 *   <li>Confirmed: where the source is visited first, PTL_FIRST is enough, and RMAP_LOCKS takes no
 *       lock either.
 *   <li>A first walk that misses the entry does no harm in any variant: the page is still mapped
 *       then, and the migration is given up (-EAGAIN).
 * </ul>
 *
 * <p>{@code MremapPeekTest} steps each cell of the table.
 *
 * @see org.jmmu.rmap.MremapPeekRmapLocks the merged protocol, mainline's default
 */
@NullMarked
package org.jmmu.race.mremappeek;

import org.jspecify.annotations.NullMarked;
