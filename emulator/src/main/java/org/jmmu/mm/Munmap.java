package org.jmmu.mm;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Unmaps ranges, and whole address spaces at exit.
 *
 * @kernel mm/mmap.c:do_munmap, unmap_region, exit_mmap
 */
public final class Munmap {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final AnonVmas anonVmas;
  private final VmaMerge vmaMerge;
  private final Zap zap;

  public Munmap(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      PageRmap pageRmap) {
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.anonVmas = anonVmas;
    this.vmaMerge = new VmaMerge(anonVmas);
    this.zap = new Zap(phys, tables, pageRmap);
  }

  /**
   * Unmaps [{@code vaddr}, {@code vaddr + length}), rounded up to pages; holes in it are allowed.
   *
   * @throws ErrnoException EINVAL if unaligned, empty or beyond user space
   */
  public void munmap(Mm mm, long vaddr, long length) {
    Mman.checkAligned(vaddr);
    long bytes = Mman.pageAlign(length);
    if (length <= 0 || !Mman.isUserRange(vaddr, bytes)) {
      throw new ErrnoException(Errno.EINVAL, "munmap of " + length + " bytes");
    }
    mm.mmapLock.writeLock();
    try {
      munmapLocked(mm, vaddr, vaddr + bytes);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  /** The caller holds mmap_lock(W). */
  void munmapLocked(Mm mm, long start, long end) {
    Vma first = mm.vmas.find(start);
    if (first == null || first.vmStartGetOpaque() >= end) {
      return;
    }
    if (start > first.vmStartGetOpaque()) {
      vmaMerge.splitNewAbove(first, start);
    }
    Vma last = mm.vmas.find(end);
    if (last != null && last.vmStartGetOpaque() < end) {
      vmaMerge.splitNewBelow(last, end);
    }
    Vma prev = mm.vmas.findPrev(start);
    MmuGather gather = new MmuGather(frames, tlbFlush, mm);
    Vma vma;
    while ((vma = mm.vmas.find(start)) != null && vma.vmStartGetOpaque() < end) {
      // VMA by VMA: the holes between them, most of an address space, are not looked at.
      zap.range(gather, mm, vma.vmStartGetOpaque(), vma.vmEndGetOpaque());
      anonVmas.unlink(vma); // before its tables go: no walk may look into them any more
      mm.vmas.remove(vma);
    }
    long floor = prev == null ? 0 : prev.vmEndGetOpaque();
    long ceiling = vma == null ? 0 : vma.vmStartGetOpaque();
    tables.freeRange(gather, mm, start, end, floor, ceiling);
    gather.finish();
  }

  /** The last user of the mm is gone; no CPU runs it. Frees everything, the top table included. */
  public void exitMmap(Mm mm) {
    mm.mmapLock.writeLock();
    try {
      munmapLocked(mm, 0, Mman.TASK_SIZE);
    } finally {
      mm.mmapLock.writeUnlock();
    }
    tables.pgdFree(mm.pgdPfn);
  }
}
