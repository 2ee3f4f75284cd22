package org.jmmu.mm;

import static org.jmmu.mm.Mman.MS_ASYNC;
import static org.jmmu.mm.Mman.MS_INVALIDATE;
import static org.jmmu.mm.Mman.MS_SYNC;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_SHARED;

import org.jmmu.filemap.Writeback;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Writes what was written to shared mappings back to their files.
 *
 * @kernel mm/msync.c
 */
public final class Msync {
  private final Writeback writeback;

  public Msync(Writeback writeback) {
    this.writeback = writeback;
  }

  /**
   * @throws ErrnoException EINVAL; ENOMEM if there was a hole, after everything around it was
   *     written; EBUSY for MS_INVALIDATE of locked memory; EIO if something could not be written
   */
  public void msync(Mm mm, long vaddr, long length, int flags) {
    boolean both = (flags & MS_ASYNC) != 0 && (flags & MS_SYNC) != 0;
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 || both) {
      throw new ErrnoException(Errno.EINVAL, "msync flags " + flags);
    }
    Mman.checkAligned(vaddr);
    long end = vaddr + Mman.pageAlign(length);
    if (Long.compareUnsigned(end, vaddr) < 0) {
      throw new ErrnoException(Errno.ENOMEM, "msync beyond the address space");
    }
    boolean hole = false;
    for (long at = vaddr; Long.compareUnsigned(at, end) < 0; ) {
      Step step = step(mm, at, end, flags);
      hole |= step.hole;
      if (step.next == NOTHING_MORE) {
        break;
      }
      at = step.next;
    }
    if (hole) {
      throw new ErrnoException(Errno.ENOMEM, "nothing mapped in a part of the range");
    }
  }

  private static final long NOTHING_MORE = 0;

  /** One VMA: where to go on, and whether something was not mapped. */
  private record Step(long next, boolean hole) {}

  private Step step(Mm mm, long at, long end, int flags) {
    MappedFile file = null;
    long first = 0;
    long pages = 0;
    Step step;
    mm.mmapLock.readLock();
    try {
      Vma vma = mm.vmas.find(at);
      if (vma == null || Long.compareUnsigned(vma.vmStartGetOpaque(), end) >= 0) {
        return new Step(NOTHING_MORE, true);
      }
      long start = Math.max(at, vma.vmStartGetOpaque());
      boolean hole = start > at;
      if (hole && flags == MS_ASYNC) {
        return new Step(NOTHING_MORE, true);
      }
      if ((flags & MS_INVALIDATE) != 0 && (vma.vmFlagsGetOpaque() & VM_LOCKED) != 0) {
        throw new ErrnoException(Errno.EBUSY, "locked memory");
      }
      long next = vma.vmEndGetOpaque();
      step = new Step(next, hole);
      if ((flags & MS_SYNC) != 0 && vma.file != null && (vma.vmFlagsGetOpaque() & VM_SHARED) != 0) {
        file = vma.file.get();
        first = vma.linearPageIndex(start);
        long stop = Long.compareUnsigned(next, end) < 0 ? next : end;
        pages = (stop - start) >>> PAGE_SHIFT;
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    if (file != null) { // without mmap_lock: this may take long
      sync(file, first, pages);
    }
    return step;
  }

  /**
   * @kernel fs/sync.c:vfs_fsync_range
   */
  private void sync(MappedFile file, long first, long pages) {
    try {
      writeback.range(file.mapping, first, first + pages);
      if (file.checkAndAdvanceWbErr()) {
        throw new ErrnoException(Errno.EIO, file.path() + " could not be written");
      }
    } finally {
      file.put();
    }
  }
}
