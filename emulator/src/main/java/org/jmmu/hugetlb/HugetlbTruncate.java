package org.jmmu.hugetlb;

import static org.jmmu.hugetlb.HugePages.HPAGE_SHIFT;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.lock.PageLock;
import org.jmmu.lock.RwSem;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.XArray;

/**
 * Changes of the size of a file of huge pages, holes in it, and pages allocated in advance, against
 * faults. The caller holds the inode's lock.
 *
 * <pre>
 *   truncation                              fault, under the mutex of its page
 *   i_size = smaller
 *   each fault mutex once                   i_size asked: still in the file?
 *   unmap the range                         page added to the cache
 *   for each page: mutex, unmap, remove     entry set
 *   reservations of the range
 * </pre>
 *
 * A fault that asks for i_size before it became smaller has added its page, and set its entry, when
 * the second line is done. Linux locks the VMAs instead, and lets a fault slip through if it has no
 * memory for their locks.
 *
 * @kernel fs/hugetlbfs/inode.c:hugetlb_vmtruncate, hugetlbfs_punch_hole, remove_inode_hugepages
 */
public final class HugetlbTruncate {
  /** The largest number that a huge page of a file can have, and one. */
  private static final long ALL = Long.MAX_VALUE >>> HPAGE_SHIFT;

  private final PhysMemory phys;
  private final Frames frames;
  private final PageCache pageCache;
  private final Reservations reservations;
  private final FaultMutexTable mutexes;
  private final HugetlbUnmap unmap;
  private final HugetlbFault fault;
  private final PmdSharingProtocol protocol;

  public HugetlbTruncate(
      PhysMemory phys,
      Frames frames,
      PageCache pageCache,
      Reservations reservations,
      FaultMutexTable mutexes,
      HugetlbUnmap unmap,
      HugetlbFault fault,
      PmdSharingProtocol protocol) {
    this.phys = phys;
    this.frames = frames;
    this.protocol = protocol;
    this.pageCache = pageCache;
    this.reservations = reservations;
    this.mutexes = mutexes;
    this.unmap = unmap;
    this.fault = fault;
  }

  /**
   * @throws ErrnoException EINVAL if the size is not one of huge pages
   * @kernel fs/hugetlbfs/inode.c:hugetlb_vmtruncate
   */
  public void setSize(AddressSpace mapping, long size) {
    if (!HugePages.isAligned(size)) {
      throw new ErrnoException(Errno.EINVAL, "size of a file of huge pages");
    }
    long first = size >>> HPAGE_SHIFT;
    mapping.sizeSetVolatile(size);
    mapping.preallocatedEndSetVolatile(0);
    PausePoint.reach("hugetlbTruncate.shortened");
    mutexes.waitForFaults();
    unmap.fileRange(mapping, first, ALL);
    long freed = removePages(mapping, first, ALL);
    unmap.fileRange(mapping, first, ALL); // copies made of pages before they were removed
    reservations.unreservePages(mapping, first, ALL, freed);
  }

  /** The last user of the file is gone. */
  void removeAll(AddressSpace mapping) {
    long freed = removePages(mapping, 0, ALL);
    reservations.unreservePages(mapping, 0, ALL, freed);
  }

  /**
   * Makes [{@code start}, {@code end}) a hole: whole pages go, private copies of them included, and
   * what lies in others becomes zeroes.
   *
   * @kernel fs/hugetlbfs/inode.c:hugetlbfs_punch_hole
   */
  public void punchHole(AddressSpace mapping, long start, long end) {
    long first = HugePages.align(start) >>> HPAGE_SHIFT;
    long last = end >>> HPAGE_SHIFT; // the first one that stays
    long headEnd = Math.min(end, first << HPAGE_SHIFT);
    zero(mapping, start, headEnd);
    zero(mapping, Math.max(last << HPAGE_SHIFT, headEnd), end);
    if (first >= last) {
      return;
    }
    unmap.fileRange(mapping, first, last);
    PausePoint.reach("hugetlbPunchHole.unmapped");
    for (long at = first; (at = nextPage(mapping, at, last)) < last; at++) {
      RwSem mutex = mutexes.of(mapping, at);
      mutex.writeLock();
      try {
        if (remove(mapping, at, mutex)) {
          reservations.unreservePages(mapping, at, at + 1, 1);
        }
      } finally {
        mutex.writeUnlock();
      }
    }
  }

  /**
   * Pages from now on, for what of [{@code start}, {@code end}) has none.
   *
   * @throws ErrnoException ENOSPC if there are not enough; those that there were stay
   * @kernel fs/hugetlbfs/inode.c:hugetlbfs_fallocate
   */
  public void allocate(AddressSpace mapping, long start, long end) {
    long last = HugePages.align(end) >>> HPAGE_SHIFT;
    long unallocated = mapping.firstUnallocatedGetVolatile() << PhysMemory.PAGE_SHIFT;
    mapping.preallocatedEndSetVolatile(Math.max(unallocated, last << HPAGE_SHIFT));
    for (long at = start >>> HPAGE_SHIFT; at < last; at++) {
      RwSem mutex = mutexes.of(mapping, at);
      mutex.writeLock();
      try {
        allocateOne(mapping, at);
      } finally {
        mutex.writeUnlock();
      }
    }
  }

  private void allocateOne(AddressSpace mapping, long index) {
    if (mapping.pages.load(index << HugePages.HPAGE_ORDER) != 0) {
      return;
    }
    long pfn = reservations.allocShared(mapping, index);
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOSPC, "no huge page");
    }
    HugePages.clear(phys, pfn);
    fault.addToPageCache(mapping, index, pfn);
    pageCache.unlockPut(pfn);
  }

  /** Takes pages out of the cache, wherever they are mapped; returns how many there were. */
  private long removePages(AddressSpace mapping, long first, long end) {
    long removed = 0;
    for (long at = first; (at = nextPage(mapping, at, end)) < end; at++) {
      RwSem mutex = mutexes.of(mapping, at);
      mutex.writeLock();
      try {
        removed += remove(mapping, at, mutex) ? 1 : 0;
      } finally {
        mutex.writeUnlock();
      }
    }
    return removed;
  }

  private static long nextPage(AddressSpace mapping, long from, long end) {
    long found = mapping.pages.next(from << HugePages.HPAGE_ORDER);
    return found == XArray.NONE ? end : found >>> HugePages.HPAGE_ORDER;
  }

  /**
   * The caller holds the fault mutex.
   *
   * @kernel fs/hugetlbfs/inode.c:remove_inode_single_folio
   */
  private boolean remove(AddressSpace mapping, long index, RwSem mutex) {
    long pfn = pageCache.findGet(mapping, index << HugePages.HPAGE_ORDER);
    if (pfn == Buddy.NO_FRAME) {
      return false;
    }
    // A fault may have mapped it since the range was unmapped; none can while the mutex is held.
    if (PageDesc.mapcountGetAcquire(phys, pfn) != 0) {
      protocol.unmapFileFolio(unmap, mapping, index, mutex);
    }
    PageLock.lock(phys, pfn);
    if (pageCache.of(PageDesc.mappingGetAcquire(phys, pfn)) != mapping) {
      PageLock.unlock(phys, pfn); // removed by somebody else, while the mutex was given up
      frames.put(pfn);
      return false;
    }
    pageCache.remove(mapping, pfn);
    pageCache.unlockPut(pfn);
    return true;
  }

  /** [{@code start}, {@code end}) lies in one page, and may be empty. */
  private void zero(AddressSpace mapping, long start, long end) {
    if (start >= end) {
      return;
    }
    long index = start >>> HPAGE_SHIFT;
    long pfn = pageCache.findLock(mapping, index << HugePages.HPAGE_ORDER);
    if (pfn != Buddy.NO_FRAME) {
      long from = phys.frameAddr(pfn) + (start & ~HugePages.HPAGE_MASK);
      Mem.fill(from, end - start, (byte) 0);
      pageCache.unlockPut(pfn);
    }
  }
}
