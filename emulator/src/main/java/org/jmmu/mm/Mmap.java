package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_MAYEXEC;
import static org.jmmu.types.VmFlags.VM_MAYREAD;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;

import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Private anonymous mappings, placed top down.
 *
 * @kernel mm/mmap.c:do_mmap, mmap_region
 */
public final class Mmap {
  /** Where top-down placement starts: below an 128 MiB stack gap, no randomisation. */
  private static final long MMAP_BASE = 0x7fff_f7ff_f000L;

  private static final int SUPPORTED = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED;

  private final Munmap munmap;
  private final VmaMerge vmaMerge;

  public Mmap(AnonVmas anonVmas, Munmap munmap) {
    this.munmap = munmap;
    this.vmaMerge = new VmaMerge(anonVmas);
  }

  /**
   * @param vaddr hint, or the address itself with MAP_FIXED
   * @param length in bytes, rounded up to pages
   * @return address of the mapping
   * @throws ErrnoException EINVAL for bad or unsupported arguments, ENOMEM if there is no room
   */
  public long mmap(Mm mm, long vaddr, long length, int prot, int flags) {
    Mman.checkProt(prot);
    if ((flags & ~SUPPORTED) != 0
        || (flags & Mman.MAP_PRIVATE) == 0
        || (flags & Mman.MAP_ANONYMOUS) == 0) {
      throw new ErrnoException(Errno.EINVAL, "mmap flags 0x" + Integer.toHexString(flags));
    }
    long bytes = Mman.pageAlign(length);
    if (length <= 0) {
      throw new ErrnoException(Errno.EINVAL, "mmap of " + length + " bytes");
    }
    mm.mmapLock.writeLock();
    try {
      long start = place(mm, vaddr, bytes, flags);
      mapRegion(mm, start, start + bytes, prot | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC);
      return start;
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private long place(Mm mm, long vaddr, long bytes, int flags) {
    if ((flags & Mman.MAP_FIXED) != 0) {
      Mman.checkAligned(vaddr);
      if (!Mman.isUserRange(vaddr, bytes)) {
        throw new ErrnoException(Errno.ENOMEM, "mmap beyond the user address space");
      }
      munmap.munmapLocked(mm, vaddr, vaddr + bytes);
      return vaddr;
    }
    long hint = Mman.pageAlign(vaddr);
    if (hint != 0 && Mman.isUserRange(hint, bytes) && isFree(mm, hint, hint + bytes)) {
      return hint;
    }
    return placeTopDown(mm, bytes);
  }

  private static boolean isFree(Mm mm, long start, long end) {
    Vma vma = mm.vmas.find(start);
    return vma == null || vma.vmStartGetOpaque() >= end;
  }

  private static long placeTopDown(Mm mm, long bytes) {
    // Page 0 stays unmapped.
    long start = UnmappedArea.topDown(mm.vmas, PAGE_SIZE, MMAP_BASE, bytes, 0, 0);
    if (start == UnmappedArea.NONE) {
      throw new ErrnoException(Errno.ENOMEM, "no gap of " + bytes + " bytes");
    }
    return start;
  }

  private void mapRegion(Mm mm, long start, long end, long flags) {
    long pgoff = start >> PAGE_SHIFT;
    Vma prev = mm.vmas.findPrev(start);
    if (vmaMerge.merge(mm, prev, start, end, flags, null, pgoff) == null) {
      mm.vmas.insert(new Vma(mm, start, end, pgoff, flags));
    }
  }
}
