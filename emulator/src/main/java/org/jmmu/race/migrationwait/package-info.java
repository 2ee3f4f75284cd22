/**
 * Race migration-wait: a fault on a migration entry against the end of the migration (Linux 2.6.34,
 * 2010, and what became of the wait since).
 *
 * <h2>Symptom</h2>
 *
 * Compaction under load stopped the kernel: a fault decoded a migration entry whose page was not
 * locked. Walk 2 of a migration had missed the entry (that is race vma-adjust and others), and the
 * fault was the first to notice. The patch as posted meant to heal such an entry on the spot.
 *
 * <p>The same wait has a second trouble, with entries that are in order: it took a reference on the
 * page, and a migration that finds one reference too many gives up.
 *
 * <h2>How it is lost</h2>
 *
 * <pre>
 *   M: migrate page X                        F: read X
 *   ---------------------------------------  ---------------------------------------
 *   lock page; walk 1: entry → migration entry
 *   copy; walk 2 misses the entry
 *   unlock, free the old frame f
 *   f becomes a page of another process
 *                                            entry for f, f not locked: BUG, SIGBUS, or
 *                                            (CLEANUP) X's entry maps f again:
 *                                            X shows the other process's page
 * </pre>
 *
 * <h2>Variants and what stepping them shows</h2>
 *
 * <table>
 *   <caption>3-A: a read of X when walk 2 missed its entry</caption>
 *   <tr><th>wait</th><th>f is free</th><th>f is another's</th><th>migration failed, f is held</th></tr>
 *   <tr><td>BUG (2.6.34)</td><td>BUG</td><td>BUG</td><td>BUG</td></tr>
 *   <tr><td>CLEANUP (posted, not merged)</td><td>faults for ever</td><td>wrong page</td><td>right</td></tr>
 *   <tr><td>SIGBUS (for debugging)</td><td>SIGBUS</td><td>SIGBUS</td><td>SIGBUS</td></tr>
 *   <tr><td>REF_WAIT, PUT_AND_WAIT, PTL_QUEUE</td><td>BUG</td><td>BUG</td><td>BUG</td></tr>
 * </table>
 *
 * <p>No wait heals such an entry, mainline's of today no better than the first: what helped was to
 * let walk 2 miss nothing. REF_WAIT is BUG's wait in a kernel whose walks are complete, and the
 * stress tests of the last three variants run with complete walks.
 *
 * <table>
 *   <caption>3-C: what becomes of a migration that a fault waits for</caption>
 *   <tr><th>wait</th><th>fault about to sleep</th><th>fault asleep</th><th>references counted already</th></tr>
 *   <tr><td>BUG, CLEANUP, SIGBUS, REF_WAIT (to 4.20)</td><td>-EAGAIN</td><td>-EAGAIN</td><td>moved</td></tr>
 *   <tr><td>PUT_AND_WAIT (5.0 to 5.17)</td><td>-EAGAIN</td><td>moved</td><td>moved</td></tr>
 *   <tr><td>PTL_QUEUE (from 5.18)</td><td>moved</td><td>moved</td><td>moved</td></tr>
 * </table>
 *
 * <p>{@code MigrationWaitTest} steps each cell of both tables.
 *
 * <h2>What was thought of the clean-up, and what the runs say</h2>
 *
 * <ul>
 *   <li>"Right if the migration failed": only as long as somebody holds the reference that made it
 *       fail. Walk 1 dropped the entry's own; once the other is dropped too, the frame is free, and
 *       the clean-up faults for ever here as well.
 *   <li>"Maps old contents, or another process's page, after a migration that succeeded": both. The
 *       old frame comes back if the fault falls between its unlock and the drop of the migration's
 *       reference; for a private page that is harmless, since nobody could write the copy. Once the
 *       frame has a new owner it is that owner's page. If the owner is just setting it up, he wipes
 *       the lock that the clean-up took, and the kernel stops at the unlock; only the stress test
 *       shows that.
 *   <li>"Faults for ever on a free frame": yes, until it gets a new owner, and then as above.
 *   <li>"An unlocked page means that the migration is over, as long as the ptl is held": yes. With
 *       complete walks nobody ever found an unlocked page behind an entry.
 * </ul>
 *
 * <h2>What is not here</h2>
 *
 * 3-B, a page of the swap cache that no entry maps: its anon_vma may be gone, so {@link
 * org.jmmu.migrate.MigratePages} walks neither before nor after such a move. 3-D needs non-linear
 * file mappings, which the emulator does not have. Of 3-C, the half in which a page's reference
 * count is frozen at zero during the move: Linux does that to pages of a page cache or swap cache,
 * not to the pages of this race. None of the three depends on how a fault waits.
 *
 * @see org.jmmu.mm.MigrationWaitPtlQueue mainline's default
 */
@NullMarked
package org.jmmu.race.migrationwait;

import org.jspecify.annotations.NullMarked;
