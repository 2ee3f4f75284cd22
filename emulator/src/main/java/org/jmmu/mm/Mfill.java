package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.uffd.UserfaultfdCtx;
import org.jspecify.annotations.Nullable;

/**
 * Puts pages where a userfaultfd's memory has none. Each page comes with its content, in one store
 * of its entry: nobody sees half of it.
 *
 * @kernel mm/userfaultfd.c:mfill_atomic
 */
final class Mfill {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;
  private final FaultIn faultIn;
  private final long zeroPfn;

  Mfill(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      AnonVmas anonVmas,
      PageRmap pageRmap,
      FaultIn faultIn,
      long zeroPfn) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
    this.faultIn = faultIn;
    this.zeroPfn = zeroPfn;
  }

  /**
   * Copies pages.
   *
   * @param src in the same address space, at any byte
   * @param writeProtect whether writes to them are to be faults, too
   * @return bytes done: less than {@code length} if something stood in the way behind that
   * @throws ErrnoException if nothing was done
   */
  long copy(UserfaultfdCtx ctx, long dst, long src, long length, boolean writeProtect) {
    Mm mm = ctx.mm;
    long done = 0;
    ErrnoException stopped = null;
    mm.mmapLock.readLock();
    try {
      Vma vma = dstVma(mm, dst, length, writeProtect);
      while (done < length) {
        if (!copyPage(vma, dst + done, src + done, writeProtect)) {
          // The source has to be faulted in, without the lock; then everything may be different.
          faultInUnlocked(mm, src + done);
          vma = dstVma(mm, dst, length, writeProtect);
          continue;
        }
        done += PAGE_SIZE;
      }
    } catch (ErrnoException e) {
      stopped = e;
    } finally {
      mm.mmapLock.readUnlock();
    }
    return doneOr(done, stopped);
  }

  /** As {@link #copy}, with the zero page. @kernel mm/userfaultfd.c:mfill_atomic_zeropage */
  long zeropage(UserfaultfdCtx ctx, long dst, long length) {
    Mm mm = ctx.mm;
    long done = 0;
    ErrnoException stopped = null;
    mm.mmapLock.readLock();
    try {
      Vma vma = dstVma(mm, dst, length, false);
      long entry = Pte.mkSpecial(Pte.of(zeroPfn, Pte.prot(vma.vmFlagsGetOpaque())));
      for (; done < length; done += PAGE_SIZE) {
        long pteAddr = pteAlloc(mm, dst + done);
        tables.lock(pteAddr);
        boolean free = Mem.longGetOpaque(pteAddr) == 0;
        if (free) {
          Mem.longSetRelease(pteAddr, entry);
        }
        tables.unlock(pteAddr);
        checkFree(free, dst + done);
      }
    } catch (ErrnoException e) {
      stopped = e;
    } finally {
      mm.mmapLock.readUnlock();
    }
    return doneOr(done, stopped);
  }

  private static long doneOr(long done, @Nullable ErrnoException stopped) {
    if (done == 0 && stopped != null) {
      throw stopped;
    }
    return done;
  }

  /**
   * @kernel mm/userfaultfd.c:uffd_mfill_lock, validate_dst_vma
   */
  private Vma dstVma(Mm mm, long dst, long length, boolean writeProtect) {
    Vma vma = mm.vmas.find(dst);
    if (vma == null || vma.vmStartGetOpaque() > dst) {
      throw new ErrnoException(Errno.ENOENT, "nothing mapped at 0x" + Long.toHexString(dst));
    }
    if ((vma.vmFlagsGetOpaque() & VM_SHARED) == 0) {
      AnonVma _ = anonVmas.prepare(vma);
    }
    if (dst + length > vma.vmEndGetOpaque() || UserfaultfdCtx.of(vma) == null) {
      throw new ErrnoException(Errno.ENOENT, "not registered at 0x" + Long.toHexString(dst));
    }
    if (writeProtect && (vma.vmFlagsGetOpaque() & VM_UFFD_WP) == 0) {
      throw new ErrnoException(Errno.EINVAL, "not registered for write protection");
    }
    return vma;
  }

  /**
   * @return false if the source is not there
   * @kernel mm/userfaultfd.c:mfill_atomic_pte_copy
   */
  private boolean copyPage(Vma vma, long dst, long src, boolean writeProtect) {
    long pteAddr = pteAlloc(vma.mm, dst);
    long pfn = frames.alloc(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page");
    }
    boolean mapped = false;
    try {
      if (!copyFromUser(vma.mm, src, phys.frameAddr(pfn))) {
        return false;
      }
      PausePoint.reach("mfillCopy.copied");
      tables.lock(pteAddr);
      mapped = Mem.longGetOpaque(pteAddr) == 0;
      if (mapped) {
        pageRmap.addNewAnon(pfn, vma, anonVmas.prepare(vma), dst);
        Mem.longSetRelease(pteAddr, newEntry(vma, pfn, writeProtect));
      }
      tables.unlock(pteAddr);
      checkFree(mapped, dst);
      return true;
    } finally {
      if (!mapped) {
        frames.put(pfn);
      }
    }
  }

  /**
   * @kernel mm/userfaultfd.c:mfill_atomic_install_pte
   */
  private static long newEntry(Vma vma, long pfn, boolean writeProtect) {
    long flags = vma.vmFlagsGetOpaque();
    long pteVal = Pte.mkDirty(Pte.mkYoung(Pte.of(pfn, Pte.prot(flags))));
    if ((flags & VM_WRITE) != 0) {
      pteVal = Pte.mkWrite(pteVal);
    }
    return writeProtect ? Pte.mkUffdWp(pteVal) : pteVal;
  }

  private long pteAlloc(Mm mm, long vaddr) {
    long pteAddr = tables.pteAlloc(mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    return pteAddr;
  }

  private static void checkFree(boolean free, long vaddr) {
    if (!free) {
      throw new ErrnoException(Errno.EEXIST, "a page at 0x" + Long.toHexString(vaddr));
    }
  }

  /** A page's worth of bytes, from two pages perhaps; false if one of them is not there. */
  private boolean copyFromUser(Mm mm, long src, long to) {
    long first = PAGE_SIZE - (src & ~PAGE_MASK);
    return copyBytes(mm, src, to, first)
        && (first == PAGE_SIZE || copyBytes(mm, src + first, to + first, PAGE_SIZE - first));
  }

  private boolean copyBytes(Mm mm, long src, long to, long length) {
    long pteAddr = tables.pteOffset(mm, src);
    if (pteAddr == PageTables.NONE) {
      return false;
    }
    tables.lock(pteAddr); // the page stays as long as its entry does
    long pteVal = Mem.longGetOpaque(pteAddr);
    boolean readable = Pte.isUserReadable(pteVal);
    if (readable) {
      Mem.copy(phys.frameAddr(Pte.pfn(pteVal)) + (src & ~PAGE_MASK), to, length);
    }
    tables.unlock(pteAddr);
    return readable;
  }

  private void faultInUnlocked(Mm mm, long src) {
    mm.mmapLock.readUnlock();
    try {
      long end = ((src + PAGE_SIZE - 1) & PAGE_MASK) + PAGE_SIZE;
      faultIn.access(mm, src & PAGE_MASK, end, false);
    } catch (ErrnoException e) {
      throw new ErrnoException(Errno.EFAULT, "no source at 0x" + Long.toHexString(src));
    } finally {
      mm.mmapLock.readLock();
    }
  }
}
