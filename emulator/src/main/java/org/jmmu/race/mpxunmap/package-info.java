/**
 * Race mpx-unmap: freeing the bounds tables of memory that is unmapped (proposed in 2014, merged in
 * Linux 3.19, gone with 5.6).
 *
 * <h2>Symptom</h2>
 *
 * A bounds table is four times as large as the data that it is for; unless it goes with the data,
 * tables eat up the address space. munmap therefore looks into the bounds directory. The directory
 * is user memory, which may be paged out, and munmap holds mmap_lock for writing, which page faults
 * want to read.
 *
 * <h2>How it is lost</h2>
 *
 * <pre>
 *   M: munmap of D                           U: another thread
 *   ---------------------------------------  ---------------------------------------
 *                                            the directory's page is paged out
 *   lock mmap_lock(W); unmap D
 *   read the directory: page fault, which
 *     waits for mmap_lock                    (4-A)
 * </pre>
 *
 * <pre>
 *   M: munmap of D, which has neighbours     U
 *   ---------------------------------------  ---------------------------------------
 *   unmap D, unlock mmap_lock
 *                                            map something at D's place, store its bounds
 *   zap D's part of the table                (4-E)
 * </pre>
 *
 * <pre>
 *   M: munmap of D                           the munmap of D's table, within it
 *   ---------------------------------------  ---------------------------------------
 *   D's VMA is out of the tree
 *                                            no VMA near: upper page tables may go, and
 *                                              with them the one that D's page hangs on
 *   zap D: no page table, nothing to do      (4-F)
 * </pre>
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>what some schedule ends in; - = all end well</caption>
 *   <tr><th>variant</th><th>4-A</th><th>4-B</th><th>4-C</th><th>4-D</th><th>4-E</th><th>4-F</th></tr>
 *   <tr><td>FAULT_UNDER_W</td><td>deadlock</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>NOFAULT_SKIP</td><td>leak</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>BDSEM</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>BDSEM_ZAP_POST</td><td>-</td><td>-</td><td>-</td><td>-</td><td>lost</td><td>-</td></tr>
 *   <tr><td>GUP_RETRY</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td><td>-</td></tr>
 *   <tr><td>GUP_RECURSIVE_LATE</td><td>torn</td><td>torn</td><td>-</td><td>torn</td><td>-</td><td>torn</td></tr>
 *   <tr><td>GUP_EARLY</td><td>leak</td><td>leak</td><td>-</td><td>-</td><td>-</td><td>leak</td></tr>
 * </table>
 *
 * <h2>What was found beside</h2>
 *
 * <ul>
 *   <li>BDSEM need not look for neighbours a second time: an entry is cleared under the same
 *       mmap_lock(R) under which neighbours were looked for, so that a new one finds it cleared,
 *       and its #BR waits for bd_sem (4-D, {@code M:mpxUnmap.prepared U:end M:end}).
 *   <li>The proposal to the letter, a directory access that faults while mmap_lock(R) is held,
 *       takes mmap_lock(R) twice. BDSEM here brings the page in by get_user_pages.
 *   <li>A directory whose pages are served by a thread that itself stores bounds for the first time
 *       deadlocks with BDSEM: bd_sem(W) waits for that thread, and the thread for bd_sem(R).
 *   <li>GUP_EARLY frees a table only if one munmap covers its whole span: otherwise what is about
 *       to go counts as its own neighbour. It stays even if nothing is left.
 *   <li>FAULT_UNDER_W deadlocks because a fault takes mmap_lock. With the locks of single VMAs of
 *       Linux 6.4 it would not, unless the directory's own VMA is being changed.
 * </ul>
 */
@NullMarked
package org.jmmu.race.mpxunmap;

import org.jspecify.annotations.NullMarked;
