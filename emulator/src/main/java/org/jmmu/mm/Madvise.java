package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.types.VmFlags.VM_DONTCOPY;
import static org.jmmu.types.VmFlags.VM_DONTDUMP;
import static org.jmmu.types.VmFlags.VM_DROPPABLE;
import static org.jmmu.types.VmFlags.VM_HUGEPAGE;
import static org.jmmu.types.VmFlags.VM_HUGETLB;
import static org.jmmu.types.VmFlags.VM_IO;
import static org.jmmu.types.VmFlags.VM_MAYSHARE;
import static org.jmmu.types.VmFlags.VM_MERGEABLE;
import static org.jmmu.types.VmFlags.VM_NOHUGEPAGE;
import static org.jmmu.types.VmFlags.VM_RAND_READ;
import static org.jmmu.types.VmFlags.VM_SEQ_READ;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_SPECIAL;
import static org.jmmu.types.VmFlags.VM_WIPEONFORK;

import org.jmmu.alloc.Frames;
import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Advice about ranges of memory: here what changes a flag of a VMA; {@link MadviseMemory} does what
 * changes pages.
 *
 * @kernel mm/madvise.c
 */
public final class Madvise {
  private final VmaModify vmaModify;
  private final MadviseMemory memory;
  private final FaultIn faultIn;
  private final BreakKsm breakKsm;

  public Madvise(
      VmaModify vmaModify,
      FaultIn faultIn,
      BreakKsm breakKsm,
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      SwapCache swapCache,
      SwapIn swapIn,
      ReclaimPages reclaim,
      FileIo fileIo,
      HugetlbUnmap hugePages) {
    this.vmaModify = vmaModify;
    this.memory =
        new MadviseMemory(
            phys,
            frames,
            tables,
            tlbFlush,
            new Zap(phys, tables, pageRmap, swapCache),
            swapCache,
            new MadviseSwap(phys, frames, tables, pageRmap, swapIn, reclaim),
            fileIo,
            hugePages);
    this.faultIn = faultIn;
    this.breakKsm = breakKsm;
  }

  /**
   * @throws ErrnoException EINVAL for advice that is unknown or that a VMA cannot take (what lies
   *     before is done); ENOMEM if there is a hole, after the rest was done; EAGAIN for too many
   *     VMAs; see {@link FaultIn#access} for MADV_POPULATE_READ and MADV_POPULATE_WRITE
   * @kernel mm/madvise.c:do_madvise
   */
  public void madvise(Mm mm, long vaddr, long length, int advice) {
    long bytes = Mman.pageAlign(length);
    long end = vaddr + bytes;
    if (!isKnown(advice)
        || (vaddr & ~PAGE_MASK) != 0
        || (length != 0 && bytes == 0)
        || Long.compareUnsigned(end, vaddr) < 0) {
      throw new ErrnoException(Errno.EINVAL, "madvise " + advice);
    }
    if (bytes == 0) {
      return;
    }
    advise(mm, Mman.clampStart(vaddr), Mman.clampEnd(end), advice);
  }

  private void advise(Mm mm, long start, long end, int advice) {
    if (advice == Mman.MADV_POPULATE_READ || advice == Mman.MADV_POPULATE_WRITE) {
      faultIn.access(mm, start, end, advice == Mman.MADV_POPULATE_WRITE);
    } else if (changesFlags(advice)) {
      mm.mmapLock.writeLock();
      try {
        walkVmas(mm, start, end, advice);
      } finally {
        mm.mmapLock.writeUnlock();
      }
    } else {
      mm.mmapLock.readLock();
      try {
        walkVmas(mm, start, end, advice);
      } finally {
        mm.mmapLock.readUnlock();
      }
    }
  }

  /**
   * @kernel mm/madvise.c:madvise_behavior_valid
   */
  private static boolean isKnown(int advice) {
    return (advice >= Mman.MADV_NORMAL && advice <= Mman.MADV_DONTNEED)
        || (advice >= Mman.MADV_FREE && advice <= Mman.MADV_COLLAPSE);
  }

  private static boolean changesFlags(int advice) {
    return switch (advice) {
      case Mman.MADV_REMOVE,
          Mman.MADV_WILLNEED,
          Mman.MADV_DONTNEED,
          Mman.MADV_DONTNEED_LOCKED,
          Mman.MADV_FREE,
          Mman.MADV_COLD,
          Mman.MADV_PAGEOUT,
          Mman.MADV_COLLAPSE ->
          false;
      default -> true;
    };
  }

  /**
   * @kernel mm/madvise.c:madvise_walk_vmas
   */
  private void walkVmas(Mm mm, long start, long end, int advice) {
    boolean holes = false;
    for (long at = start; at < end; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() >= end) {
        holes = true;
        break;
      }
      long from = vma.vmStartGetOpaque();
      if (from > at) {
        holes = true;
        at = from;
      }
      long next = Math.min(end, vma.vmEndGetOpaque());
      if (changesFlags(advice)) {
        changeFlags(vma, at, next, advice);
      } else {
        memory.advise(vma, at, next, advice);
      }
      at = next;
    }
    if (holes) {
      throw new ErrnoException(Errno.ENOMEM, "not everything is mapped");
    }
  }

  /**
   * @kernel mm/madvise.c:madvise_update_vma
   */
  private void changeFlags(Vma vma, long start, long end, int advice) {
    long oldFlags = vma.vmFlagsGetOpaque();
    if (advice == Mman.MADV_UNMERGEABLE && (oldFlags & VM_MERGEABLE) != 0) {
      breakKsm.range(vma, start, end);
    }
    long flags = newFlags(vma, oldFlags, advice);
    if (flags == oldFlags) {
      return;
    }
    try {
      Vma _ = vmaModify.modifyFlags(vma, start, end, flags);
    } catch (ErrnoException e) {
      throw e.errno() == Errno.ENOMEM ? new ErrnoException(Errno.EAGAIN, "too many VMAs") : e;
    }
  }

  /**
   * @kernel mm/madvise.c:madvise_vma_behavior
   */
  private static long newFlags(Vma vma, long flags, int advice) {
    return switch (advice) {
      case Mman.MADV_NORMAL -> flags & ~(VM_RAND_READ | VM_SEQ_READ);
      case Mman.MADV_SEQUENTIAL -> (flags & ~VM_RAND_READ) | VM_SEQ_READ;
      case Mman.MADV_RANDOM -> (flags & ~VM_SEQ_READ) | VM_RAND_READ;
      case Mman.MADV_DONTFORK -> flags | VM_DONTCOPY;
      case Mman.MADV_DOFORK -> unless((flags & VM_IO) != 0, flags & ~VM_DONTCOPY);
      case Mman.MADV_WIPEONFORK ->
          unless(!vma.isAnonymous() || (flags & VM_SHARED) != 0, flags | VM_WIPEONFORK);
      case Mman.MADV_KEEPONFORK -> unless((flags & VM_DROPPABLE) != 0, flags & ~VM_WIPEONFORK);
      case Mman.MADV_DONTDUMP -> flags | VM_DONTDUMP;
      case Mman.MADV_DODUMP ->
          unless(
              ((flags & VM_SPECIAL) != 0 && (flags & VM_HUGETLB) == 0)
                  || (flags & VM_DROPPABLE) != 0,
              flags & ~VM_DONTDUMP);
      case Mman.MADV_MERGEABLE -> isKsmCompatible(flags) ? flags | VM_MERGEABLE : flags;
      case Mman.MADV_UNMERGEABLE -> flags & ~VM_MERGEABLE;
      case Mman.MADV_HUGEPAGE -> (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
      case Mman.MADV_NOHUGEPAGE -> (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
      default -> throw new AssertionError(advice);
    };
  }

  private static long unless(boolean refused, long flags) {
    if (refused) {
      throw new ErrnoException(Errno.EINVAL, "advice that the mapping cannot take");
    }
    return flags;
  }

  /**
   * @kernel mm/ksm.c:vma_ksm_compatible
   */
  private static boolean isKsmCompatible(long flags) {
    return (flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)) == 0;
  }
}
