/**
 * Race exec-stack: a reverse-map walk against execve, which moves the stack of the new program
 * (Linux 2.6.34, 2010).
 *
 * <h2>Symptom</h2>
 *
 * With the locking of vma_adjust mended, the {@code BUG_ON} of race vma-adjust still came after a
 * night of compaction and kernel builds: a new program faulted on a migration entry in its own
 * stack. execve builds the stack at the highest address there is, and moves it down when it knows
 * where it shall be. The VMA comes first and the entries follow; the reverse map goes by the VMA.
 *
 * <h2>How it is lost</h2>
 *
 * <pre>
 *   M: migrate page X                        W: execve
 *   ---------------------------------------  ---------------------------------------
 *   lock page; walk 1: entry → migration entry
 *   copy
 *                                            vma.vm_start = new, vm_pgoff as before
 *   walk 2: address from the new vm_start
 *   → the entry is not there yet
 *                                            moves the migration entry there
 *   unlock, free the old frame
 *   the entry at X's new place waits for ever
 * </pre>
 *
 * {@link org.jmmu.race.execstack.Interleaving} has the layouts.
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>o = a dangling entry can be left behind, - = it cannot</caption>
 *   <tr><th>variant</th><th>walk 2 before the entries move</th>
 *       <th>between address and look</th><th>between the looks in two VMAs</th></tr>
 *   <tr><td>NONE (2.6.34)</td><td>o</td><td>-</td><td>as the first: there is one VMA</td></tr>
 *   <tr><td>SEQ_EXEC (posted, not merged)</td><td>-</td><td>o</td><td>-</td></tr>
 *   <tr><td>TMP_VMA_TAIL (posted, not merged)</td><td>-</td><td>-</td><td>o</td></tr>
 *   <tr><td>TMP_VMA_HEAD (posted, not merged)</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>TEMP_STACK_FLAG (from 2.6.35)</td><td>-</td><td>-</td><td>-</td></tr>
 * </table>
 *
 * <p>All but SEQ_EXEC take the anon_vma's lock in each change of the VMA, as walks do; between the
 * changes it is free, since the move allocates page tables.
 *
 * <p>If there is none to be had, the move ends half way. A walk that comes then finds the pages
 * that have moved and misses those that have not, in every variant but TEMP_STACK_FLAG. Nobody
 * faults on them: execve fails, and takes the address space down with whatever it holds. All frames
 * come back, each once.
 *
 * <h2>What was expected, and what the runs say</h2>
 *
 * <ul>
 *   <li>Refuted: that the second VMA belongs at the tail of the list. It stands for the old place,
 *       and entries go from the old place to the new one: whoever looks at the new place first can
 *       miss the whole move. TMP_VMA_TAIL: {@code W:shiftArgPages.begin M:migrate.copied
 *       W:shiftArgPages.expanded M:rmapWalk.vma*2 W:shiftArgPages.moved M:end W:end}. At the head
 *       nothing is lost. What had to come behind is the destination.
 *   <li>Confirmed: the write section of SEQ_EXEC lasts while page tables are allocated, and a walk
 *       spins all the while with the lock of the page and of the anon_vma held; a writer that
 *       sleeps long enough ends the walk at its deadline.
 *   <li>Confirmed in another way than expected: that the section can deadlock. The emulator frees
 *       no memory from within an allocation; but a kernel that moves a whole page table at once, as
 *       Linux does since 5.0, takes the anon_vma's lock for that, which the spinning walk holds.
 *   <li>Found: SEQ_EXEC loses the race itself. The read section covers the computation of the
 *       address, not the look at the entry, and after execve has moved the page the address is
 *       right no more: {@code W:shiftArgPages.begin M:migrate.copied M:vmaAddress.computed W:end
 *       M:end}. A change of the VMA's range alone does not do that to an address.
 *   <li>Confirmed: a reverse map that a failed move leaves broken does no harm.
 * </ul>
 *
 * <p>{@code ExecStackTest} steps each cell of the table and the move that ends half way, {@code
 * ExecStackDeadlockTest} the walks that wait for SEQ_EXEC's writer.
 *
 * @see org.jmmu.mm.ExecStackTempStackFlag the merged protocol, mainline's default
 */
@NullMarked
package org.jmmu.race.execstack;

import org.jspecify.annotations.NullMarked;
