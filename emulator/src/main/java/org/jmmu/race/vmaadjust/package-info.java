/**
 * Race vma-adjust: a reverse-map walk against a change of a VMA's range (Linux 2.6.34, 2010).
 *
 * <h2>Symptom</h2>
 *
 * Weeks of compaction under load ended in a {@code BUG_ON}: a process faulted on a migration entry
 * whose page nobody was migrating. A migration walks the reverse map twice. Walk 1 turns every
 * entry for the page into a migration entry; walk 2, after the copy, must find each of them again.
 * When anon_vma chains were merged, vma_adjust no longer took the anon_vma lock, and walk 2 could
 * compute a wrong address, or look at each VMA just while the other one covered the page.
 *
 * <h2>How it is lost</h2>
 *
 * <pre>
 *   M: migrate page X                        W: mprotect, split or merge
 *   ---------------------------------------  ---------------------------------------
 *   lock page; walk 1: entry → migration entry
 *   copy
 *                                            vma.vm_start = new
 *   walk 2: vm_start (new), vm_pgoff (old)
 *   → wrong address: the entry is not found
 *                                            vma.vm_pgoff = new
 *   unlock, free the old frame
 *   the entry in X's place waits for ever
 * </pre>
 *
 * {@link org.jmmu.race.vmaadjust.Interleaving} has the five layouts, 0-A to 0-D and 0-G. 0-E (exec)
 * and 0-F (mremap) are races of their own.
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>o = a dangling entry can be left behind, - = it cannot</caption>
 *   <tr><th>variant</th><th>0-A torn pair</th><th>0-B gap</th><th>0-C shift</th><th>0-D forked</th>
 *       <th>0-G untouched neighbour</th></tr>
 *   <tr><td>NONE (2.6.34)</td><td>o</td><td>o</td><td>o</td><td>o</td><td>o</td></tr>
 *   <tr><td>SEQ_ADDR (posted, not merged)</td><td>-</td><td>-</td><td>o</td><td>-</td><td>-</td></tr>
 *   <tr><td>ROOT_ONLY_SKIP_NEXT (2.6.36 to 3.6)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>o</td></tr>
 *   <tr><td>ROOT_ONLY (from 3.7)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <p>The seqcount answers the question it asks: each address is computed from one consistent set of
 * fields. It cannot answer the one that matters, whether the walk as a whole saw every VMA that
 * maps the page. The lock as it was merged first missed a case too: if the VMA that gives a page
 * away was never faulted, it has no anon_vma and nothing was locked, while its neighbour's start
 * and offset changed. That was found and mended in 2012.
 *
 * <p>{@code VmaAdjustTest} steps each cell of the table.
 *
 * @see org.jmmu.rmap.VmaAdjustRootOnly the merged protocol, mainline's default
 */
@NullMarked
package org.jmmu.race.vmaadjust;

import org.jspecify.annotations.NullMarked;
