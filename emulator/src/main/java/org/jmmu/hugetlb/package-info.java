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
 * @kernel mm/hugetlb.c, fs/hugetlbfs/inode.c
 */
@NullMarked
package org.jmmu.hugetlb;

import org.jspecify.annotations.NullMarked;
