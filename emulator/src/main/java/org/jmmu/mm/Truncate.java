package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.io.IOException;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.TruncatePages;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Backing;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Vma;

/**
 * Changes of a file's size, and holes in it, against faults.
 *
 * <pre>
 *   truncation                              fault
 *   i_size = smaller                        page found in the cache, locked
 *   unmap the range                         i_size asked: still in the file?
 *   for each page: lock, unmap, remove      entry set
 *                                           page unlocked
 * </pre>
 *
 * A fault that asks for i_size before it became smaller has the page locked; the last line of
 * truncation waits for it, and finds its entry.
 *
 * @kernel mm/truncate.c:truncate_setsize, mm/memory.c:unmap_mapping_range
 */
public final class Truncate {
  private final Frames frames;
  private final TlbFlush tlbFlush;
  private final TruncatePages truncatePages;
  private final Zap zap;

  public Truncate(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      SwapCache swapCache,
      TruncatePages truncatePages) {
    this.frames = frames;
    this.tlbFlush = tlbFlush;
    this.truncatePages = truncatePages;
    this.zap = new Zap(phys, tables, pageRmap, swapCache);
  }

  /**
   * Gives a file another size. The caller holds the inode's lock.
   *
   * @throws ErrnoException EIO if the file behind it does not take the size
   */
  void setSize(AddressSpace mapping, long size) {
    Backing backing = mapping.backing;
    if (backing != null) {
      try {
        backing.setSize(size);
      } catch (IOException e) {
        throw new ErrnoException(Errno.EIO, "size of a file");
      }
    }
    mapping.invalidateLock.writeLock();
    try {
      long oldSize = mapping.sizeGetVolatile();
      boolean grows = size > oldSize;
      if (grows && backing != null) {
        truncatePages.range(mapping, oldSize, Mman.pageAlign(oldSize));
      }
      mapping.sizeSetVolatile(size);
      if (!grows) { // behind an end that stays may lie pages that were allocated
        PausePoint.reach("truncate.shortened");
        long first = Mman.pageAlign(size);
        unmapMappingRange(mapping, first, Long.MAX_VALUE, Zap.EvenCows.YES);
        PausePoint.reach("truncate.unmapped");
        truncatePages.range(mapping, size, Long.MAX_VALUE);
        // Copies that were made of pages between the unmapping and their removal.
        unmapMappingRange(mapping, first, Long.MAX_VALUE, Zap.EvenCows.YES);
      }
    } finally {
      mapping.invalidateLock.writeUnlock();
    }
  }

  /**
   * What was stored behind the end of a regular file is not the file's: it becomes zeroes before a
   * write at {@code offset} moves the end. The caller holds the inode's lock.
   */
  void zeroBehindEnd(AddressSpace mapping, long offset) {
    mapping.invalidateLock.writeLock();
    try {
      long size = mapping.sizeGetVolatile();
      truncatePages.range(mapping, size, Math.min(offset, Mman.pageAlign(size)));
    } finally {
      mapping.invalidateLock.writeUnlock();
    }
  }

  /**
   * Makes [{@code start}, {@code end}) a hole. Private copies stay. The caller holds the inode's
   * lock.
   *
   * <p>A hole that ends in the first page unmaps all pages from its first whole one on: the last
   * byte to unmap would be -1, which Linux takes for the largest number.
   *
   * @throws ErrnoException EIO if the file behind it cannot take the hole
   * @kernel mm/shmem.c:shmem_fallocate, mm/truncate.c:truncate_pagecache_range
   */
  void punchHole(AddressSpace mapping, long start, long end) {
    mapping.invalidateLock.writeLock();
    try {
      long first = Mman.pageAlign(start);
      long last = end < PAGE_SIZE ? Long.MAX_VALUE : end & PAGE_MASK;
      if (first < last) {
        unmapMappingRange(mapping, first, last, Zap.EvenCows.NO);
      }
      PausePoint.reach("punchHole.unmapped");
      truncatePages.range(mapping, start, end);
      if (mapping.backing != null) {
        mapping.backing.punchHole(start, end);
      }
    } catch (IOException e) {
      throw new ErrnoException(Errno.EIO, "hole in a file");
    } finally {
      mapping.invalidateLock.writeUnlock();
    }
  }

  /**
   * @param start page aligned
   * @kernel mm/memory.c:unmap_mapping_range
   */
  private void unmapMappingRange(
      AddressSpace mapping, long start, long end, Zap.EvenCows evenCows) {
    long first = start >>> PAGE_SHIFT;
    long last = (end - 1) >>> PAGE_SHIFT;
    mapping.iMmapRwsem.readLock();
    try {
      for (Vma vma = mapping.iMmap.firstOverlap(first, last);
          vma != null;
          vma = mapping.iMmap.nextOverlap(vma, first, last)) {
        unmapOne(vma, first, last, evenCows);
      }
    } finally {
      mapping.iMmapRwsem.readUnlock();
    }
  }

  private void unmapOne(Vma vma, long first, long last, Zap.EvenCows evenCows) {
    long pgoff = vma.vmPgoffGetOpaque();
    long from = Math.max(first, pgoff) - pgoff;
    long to = Math.min(last, pgoff + vma.nrPages() - 1) - pgoff + 1;
    long base = vma.vmStartGetOpaque();
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    zap.range(gather, vma.mm, base + (from << PAGE_SHIFT), base + (to << PAGE_SHIFT), evenCows);
    gather.finish();
  }
}
