/**
 * Huge pages of 2 MiB that processes ask for by name: MAP_HUGETLB and files of huge pages.
 *
 * <p>They come from a pool, {@link org.jmmu.hugetlb.Hstate}, and mappings reserve them in advance,
 * so that an access does not end for want of one:
 *
 * <pre>
 *   mapping                    reserves                   which ones it has used up says
 *   shared                     for the file, once each    the file's ResvMap: exists, or reserved
 *   private                    for itself, all of it      its own ResvMap: used up
 *   private, child of a fork   nothing                    -
 *   MAP_NORESERVE              nothing                    -
 * </pre>
 *
 * An access that has no reservation takes a page that nobody else has one for, or ends in SIGBUS.
 *
 * <p>Faults on one page of a file are made one after the other, by a mutex of {@link
 * org.jmmu.hugetlb.FaultMutexTable}: two of them would otherwise each take a page, of which there
 * may be one only.
 *
 * <p>Running random calls here and on Linux 6.18 showed three places where Linux is not what it
 * means to be. The first is kept, since every counter after it depends on it; the others are not.
 *
 * <ul>
 *   <li>A process that had reserved a page and unmaps it while a child still has it may reserve it
 *       anew at once, but the pool counts that when the child is done. If the process ends first,
 *       one reservation too few is counted, {@code HugePages_Rsvd} even falls below 0, and a
 *       mapping that was promised a page meanwhile ends in SIGBUS.
 *   <li>mremap that moves part of a private mapping forgets what the rest of it had reserved:
 *       {@code HugePages_Rsvd} stays too high until the next boot.
 *   <li>If there is no page for the copy that such a process writes to, its children are to lose
 *       theirs, at the address where the process has it. A child, or process, that has moved the
 *       mapping makes the process fault for ever.
 * </ul>
 *
 * @kernel mm/hugetlb.c, fs/hugetlbfs/inode.c
 */
@NullMarked
package org.jmmu.hugetlb;

import org.jspecify.annotations.NullMarked;
