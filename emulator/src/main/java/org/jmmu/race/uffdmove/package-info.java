/**
 * Race uffd-move: a reverse-map walk that does not hold the page lock, against UFFDIO_MOVE (posted
 * in 2023, merged in Linux 6.8).
 *
 * <h2>Symptom</h2>
 *
 * None in a log. UFFDIO_MOVE takes a page from one VMA to another without copying it, and gives it
 * to the other VMA's anon_vma. Whoever asks at that moment whether the page was accessed looks in
 * the wrong tree, finds nothing, and reclaim takes the page for idle; a memory failure finds nobody
 * to tell. Worse, the old anon_vma may be freed: its slot is reused at once, and the walk goes
 * through the VMAs of somebody else.
 *
 * <h2>How it is lost</h2>
 *
 * Before there was UFFDIO_MOVE a mapped page could change only to an anon_vma with the same root.
 * So "I have the lock of the root, and the page is still mapped" was proof enough.
 *
 * <pre>
 *   R: was X accessed?                       M: UFFDIO_MOVE, X from A to B
 *   ---------------------------------------  ---------------------------------------
 *   mapping of X: A
 *                                            locks X, locks A for writing
 *                                            mapping: B, index: new; unlocks
 *   try-lock of A: got it; X is mapped
 *   walks A's tree                           2-A; 2-B if A's VMA was unmapped meanwhile
 * </pre>
 *
 * 2-C is the same for a walk that waited for A's lock while M held it. And with walks that look at
 * mapping again:
 *
 * <pre>
 *   R                                        M
 *   ---------------------------------------  ---------------------------------------
 *                                            locks X, locks A for writing
 *                                            mapping: B
 *   mapping of X: B; locks B; still B
 *   index: old
 *   walks B's tree with it                   2-D
 *                                            index: new
 * </pre>
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>o = the walk goes astray, - = it does not</caption>
 *   <tr><th>variant</th><th>2-A</th><th>2-B</th><th>2-C</th><th>2-D</th></tr>
 *   <tr><td>NO_RECHECK (the walk before 6.8)</td><td>o</td><td>o</td><td>o</td><td>o</td></tr>
 *   <tr><td>SLOW_ONLY (v2, September 2023)</td><td>o</td><td>o</td><td>-</td><td>o</td></tr>
 *   <tr><td>BOTH (6.8 to 6.18)</td><td>-</td><td>-</td><td>-</td><td>o</td></tr>
 *   <tr><td>BOTH_INDEX_FIRST (no kernel)</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>FOLIO_LOCK (6.19)</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <h2>What was expected, and what the runs say</h2>
 *
 * <ul>
 *   <li>Confirmed: 2-D. BOTH: {@code M:movePresentPte.mapping R:end M:end}. The walk misses the one
 *       entry of a page that is mapped all the time. It costs an accessed bit in Linux, no more.
 *   <li>Confirmed: it is enough to store index first. A walk that sees the old mapping cannot have
 *       the old anon_vma's lock while index changes.
 *   <li>FOLIO_LOCK: a walk gives up wherever the others would wait or look again.
 *   <li>An anon_vma that is freed, and whose slot becomes the page's anon_vma again, does no harm:
 *       where a process moves a page to, the anon_vma is always its own root, so that the lock is
 *       the same.
 * </ul>
 *
 * <p>{@code UffdMoveTest} steps each cell of the table, two movers (2-E) and a mover against fork
 * (2-F).
 *
 * @see org.jmmu.rmap.UffdMoveBoth the protocol of 6.18, mainline's default
 */
@NullMarked
package org.jmmu.race.uffdmove;

import org.jspecify.annotations.NullMarked;
