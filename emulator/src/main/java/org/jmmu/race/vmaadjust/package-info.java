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
 * {@link org.jmmu.race.vmaadjust.Interleaving} has the six layouts, 0-A to 0-D, 0-G and 0-H. 0-E
 * (exec) and 0-F (mremap) are races of their own.
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>o = a dangling entry can be left behind, - = it cannot</caption>
 *   <tr><th>variant</th><th>0-A torn pair</th><th>0-B gap</th><th>0-C shift</th><th>0-D forked</th>
 *       <th>0-G untouched neighbour</th><th>0-H forked shift</th></tr>
 *   <tr><td>NONE (2.6.34)</td><td>o</td><td>o</td><td>o</td><td>o</td><td>o</td><td>o</td></tr>
 *   <tr><td>SEQ_ADDR (posted, not merged)</td><td>-</td><td>-</td><td>o</td><td>-</td><td>-</td><td>o</td></tr>
 *   <tr><td>SEQ_ADDR_RANGE (not posted)</td><td>-</td><td>-</td><td>o</td><td>-</td><td>-</td><td>o</td></tr>
 *   <tr><td>SEQ_WALK (not posted)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>TRYLOCK_RESTART (posted, not merged)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>o</td><td>o</td></tr>
 *   <tr><td>ROOT_ORDERED (posted, not merged)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>o</td><td>o</td></tr>
 *   <tr><td>ROOT_ONLY_SKIP_NEXT (2.6.36 to 3.6)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>o</td><td>-</td></tr>
 *   <tr><td>ROOT_ONLY_SKIP_END (the same, corrected)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>ROOT_ONLY (3.7)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>RWSEM_INTERVAL (from 3.8)</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <p>The seqcount answers the question it asks: each address is computed from one consistent set of
 * fields. It cannot answer the one that matters, whether the walk as a whole saw every VMA that
 * maps the page. A second lock per VMA, tried or waited for, fails in the same way where it is the
 * only one: it is given up between two VMAs. The lock as it was merged first missed a case too: if
 * the VMA that gives a page away was never faulted, it has no anon_vma and nothing was locked,
 * while its neighbour's start and offset changed. That was found and mended in 2012.
 *
 * <p>SEQ_WALK and TRYLOCK_RESTART start over instead of waiting. They say how often, and a walk
 * that goes on starting over ends at a deadline.
 *
 * <h2>What was expected, and what the runs say</h2>
 *
 * <ul>
 *   <li>Confirmed: a shift defeats any seqcount per VMA or per address. SEQ_ADDR and
 *       SEQ_ADDR_RANGE, 0-C: {@code M:migrate.copied M:rmapWalk.vma*2 W:end M:end}.
 *   <li>Confirmed, and more: a check that lasts for one VMA leaves the shift open for VMAs whose
 *       anon_vma is not the page's, and a lock that lasts for one VMA does too. Both protocols with
 *       a second lock were expected to be correct and are not. TRYLOCK_RESTART and ROOT_ORDERED,
 *       0-H: {@code M:migrate.copied M:rmapWalk.vma*3 W:end M:end}.
 *   <li>Refuted: that the comparison with the range, outside the retry loop, is a hole of its own.
 *       It makes the window of 0-C wider, as {@code M:migrate.copied M:vmaAddress.computed
 *       W:vmaAdjust.vm_end M:end W:end} shows, which SEQ_ADDR loses and SEQ_ADDR_RANGE does not;
 *       but wherever walk and change pause, the two lose the same layouts.
 *   <li>Confirmed for SEQ_WALK, TRYLOCK_RESTART: starting over does no harm to the walks of a
 *       migration.
 * </ul>
 *
 * <h2>Pages of files, merged pages</h2>
 *
 * A page of a file is found through its i_mmap, and vma_adjust of every era holds the lock of that:
 * none of the layouts is lost, whatever the variant. Without that lock all of them are, as the VMA
 * is out of the tree while it changes.
 *
 * <p>A merged page is found through the anon_vmas of its items, and the address is the item's. The
 * VMA only says whether it covers that, so that a torn pair does no harm, nor does a neighbour that
 * grows downwards; but gap and shift lose the page as ever. NONE loses 0-B, 0-C and 0-H of the six,
 * RWSEM_INTERVAL none. {@code VmaAdjustMappingTest} steps them.
 *
 * <p>{@code VmaAdjustTest} steps each cell of the table, {@code VmaAdjustLivelockTest} the walks
 * that do not end.
 *
 * @see org.jmmu.rmap.VmaAdjustRwsemInterval mainline's default
 */
@NullMarked
package org.jmmu.race.vmaadjust;

import org.jspecify.annotations.NullMarked;
