package org.jmmu.mm;

import static org.jmmu.mm.Mman.MREMAP_DONTUNMAP;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_DONTEXPAND;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_MAYSHARE;
import static org.jmmu.types.VmFlags.VM_PFNMAP;
import static org.jmmu.types.VmFlags.VM_SHARED;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Resizes and moves mappings: what is allowed, and which of the ways to do it.
 *
 * @kernel mm/mremap.c
 */
public final class Mremap {
  private static final int FLAGS = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

  private final Accounting accounting;
  private final VmaModify vmaModify;
  private final Munmap munmap;
  private final MoveVma moveVma;
  private final FaultIn faultIn;

  public Mremap(
      Accounting accounting,
      VmaModify vmaModify,
      Munmap munmap,
      FaultIn faultIn,
      BreakKsm breakKsm,
      AnonVmas anonVmas,
      MovePageTables movePageTables) {
    this.accounting = accounting;
    this.vmaModify = vmaModify;
    this.munmap = munmap;
    this.moveVma = new MoveVma(anonVmas, vmaModify, accounting, munmap, breakKsm, movePageTables);
    this.faultIn = faultIn;
  }

  /**
   * @param newVaddr only with MREMAP_FIXED, and a hint with MREMAP_DONTUNMAP
   * @return where the mapping is now
   * @throws ErrnoException as mremap(2)
   * @kernel mm/mremap.c:do_mremap
   */
  public long mremap(Mm mm, long vaddr, long oldLength, long newLength, int flags, long newVaddr) {
    Remap remap = new Remap(mm, vaddr, oldLength, newLength, flags, newVaddr);
    checkArguments(remap);
    long result;
    prepare(remap);
    try {
      mm.mmapLock.writeLock();
      try {
        result = remap.isMoveOnly() ? moveEach(remap) : remapOne(remap);
      } finally {
        mm.mmapLock.writeUnlock();
      }
    } finally {
      munmap.archUnmap().postUnmap(mm);
    }
    if (remap.populateExpand) {
      faultIn.populate(mm, result + remap.oldLength, result + remap.newLength);
    }
    return result;
  }

  /**
   * Says what is certain to be unmapped. A mapping that may have to move because it cannot grow is
   * not: that shows only under mmap_lock(W).
   */
  private void prepare(Remap remap) {
    ArchUnmap hook = munmap.archUnmap();
    if (!hook.needsPreparation(remap.mm)) {
      return;
    }
    if (remap.has(MREMAP_FIXED)) {
      hook.preUnmap(remap.mm, remap.newVaddr, remap.newVaddr + remap.newLength);
      if (remap.oldLength != 0 && !remap.has(MREMAP_DONTUNMAP)) {
        hook.preUnmap(remap.mm, remap.vaddr, remap.vaddr + remap.oldLength);
      }
    } else if (remap.shrinks() && Mman.isUserRange(remap.vaddr, remap.oldLength)) {
      hook.preUnmap(remap.mm, remap.vaddr + remap.newLength, remap.vaddr + remap.oldLength);
    }
  }

  /**
   * @kernel mm/mremap.c:check_mremap_params
   */
  private static void checkArguments(Remap remap) {
    long newLength = remap.newLength;
    if ((remap.flags & ~FLAGS) != 0) {
      throw einval("mremap flags 0x" + Integer.toHexString(remap.flags));
    }
    Mman.checkAligned(remap.vaddr);
    if (newLength == 0 || Long.compareUnsigned(newLength, Mman.TASK_SIZE) > 0) {
      throw einval("mremap to " + newLength + " bytes");
    }
    if (!remap.impliesNewVaddr()) {
      return;
    }
    if (Long.compareUnsigned(remap.newVaddr, Mman.TASK_SIZE - newLength) > 0) {
      throw einval("mremap beyond the user address space");
    }
    Mman.checkAligned(remap.newVaddr);
    if (!remap.has(MREMAP_MAYMOVE)) {
      throw einval("a new address, but the mapping may not move");
    }
    if (remap.has(MREMAP_DONTUNMAP) && remap.oldLength != newLength) {
      throw einval("MREMAP_DONTUNMAP with another length");
    }
    if (remap.overlaps()) {
      throw einval("the old and the new range overlap");
    }
    MoveVma.checkMapCount(remap.mm, 2); // the range at the new address may have to be split too
  }

  /**
   * @kernel mm/mremap.c:do_mremap
   */
  private long remapOne(Remap remap) {
    Vma vma = remap.source();
    if (HugePages.isHugetlb(vma)) {
      checkHuge(remap);
    }
    checkVma(remap, vma);
    if (remap.impliesNewVaddr()) {
      return moveTo(remap);
    }
    if (remap.shrinks()) {
      shrink(remap);
    } else if (remap.grows()) {
      return expand(remap, vma);
    }
    return remap.vaddr;
  }

  /**
   * Moves every VMA of the range, and keeps the holes between them. Those before the first that
   * fails stay moved.
   *
   * @return where the first of them is now
   * @kernel mm/mremap.c:remap_move
   */
  private long moveEach(Remap whole) {
    Mm mm = whole.mm;
    long start = whole.vaddr;
    long end = start + whole.oldLength;
    Vma vma = whole.source();
    for (long at = start; vma != null && vma.vmStartGetOpaque() < end; vma = mm.vmas.find(at)) {
      long from = Math.max(start, vma.vmStartGetOpaque());
      at = Math.min(end, vma.vmEndGetOpaque());
      long to = whole.newVaddr + (from - start);
      Remap part = new Remap(mm, from, at - from, at - from, whole.flags, to);
      if (HugePages.isHugetlb(vma)) {
        checkHuge(part);
      }
      checkVma(part, vma);
      long _ = moveTo(part);
      if (at == end) {
        break;
      }
    }
    return whole.newVaddr;
  }

  /**
   * Lengths of huge pages are rounded up.
   *
   * @throws ErrnoException EINVAL for addresses that are not aligned, and for a mapping that is to
   *     grow: it could not reserve what it needs
   * @kernel mm/mremap.c:check_prep_vma
   */
  private static void checkHuge(Remap remap) {
    remap.oldLength = HugePages.align(remap.oldLength);
    remap.newLength = HugePages.align(remap.newLength);
    if (!HugePages.isAligned(remap.vaddr)
        || !HugePages.isAligned(remap.newVaddr)) { // even if it is not asked for
      throw einval("a mapping of huge pages that is not aligned");
    }
    if (remap.grows()) {
      throw einval("a mapping of huge pages cannot grow");
    }
  }

  /**
   * @kernel mm/mremap.c:check_prep_vma
   */
  private void checkVma(Remap remap, Vma vma) {
    if (!remap.grows() && !remap.impliesNewVaddr()) {
      return; // nothing new is mapped
    }
    long flags = vma.vmFlagsGetOpaque();
    if (remap.oldLength == 0 && (flags & (VM_SHARED | VM_MAYSHARE)) == 0) {
      throw einval("a private mapping cannot be duplicated");
    }
    boolean fixedSize = (flags & (VM_DONTEXPAND | VM_PFNMAP)) != 0;
    if (remap.has(MREMAP_DONTUNMAP) && fixedSize) {
      throw einval("MREMAP_DONTUNMAP of a special mapping");
    }
    // What a shrinking cuts off may extend over other VMAs.
    long moved = remap.shrinks() ? remap.newLength : remap.oldLength;
    if (Long.compareUnsigned(moved, vma.vmEndGetOpaque() - remap.vaddr) > 0) {
      throw efault("the old range extends beyond its VMA");
    }
    if (remap.newLength == moved) {
      return;
    }
    remap.populateExpand = (flags & VM_LOCKED) != 0;
    long pgoff = vma.linearPageIndex(remap.vaddr);
    if (Long.compareUnsigned(pgoff + (remap.newLength >>> PAGE_SHIFT), pgoff) < 0) {
      throw einval("an offset that does not fit");
    }
    if (fixedSize) {
      throw efault("a special mapping cannot grow");
    }
    long nrPages = remap.delta() >>> PAGE_SHIFT;
    if (!Accounting.mlockFutureOk(remap.mm, flags, remap.delta())) {
      throw new ErrnoException(Errno.EAGAIN, "more locked memory than the limit allows");
    }
    if (!accounting.mayExpandVm(remap.mm, flags, nrPages)) {
      throw enomem("a limit of the address space");
    }
  }

  /**
   * @kernel mm/mremap.c:mremap_to
   */
  private long moveTo(Remap remap) {
    Mm mm = remap.mm;
    if (remap.has(MREMAP_FIXED)) {
      munmap.munmapLocked(mm, remap.newVaddr, remap.newVaddr + remap.newLength);
      Vma _ = remap.source(); // EFAULT if that was where the old range begins
    }
    if (remap.shrinks()) {
      shrink(remap);
      remap.oldLength = remap.newLength;
    }
    Vma vma = remap.source(); // looked up anew: both may have split it
    if (remap.has(MREMAP_DONTUNMAP)
        && !accounting.mayExpandVm(mm, vma.vmFlagsGetOpaque(), remap.oldLength >>> PAGE_SHIFT)) {
      throw enomem("a limit of the address space");
    }
    return moveSomewhere(remap, vma);
  }

  private void shrink(Remap remap) {
    if (!Mman.isUserRange(remap.vaddr, remap.oldLength)) {
      throw einval("mremap cuts off what lies beyond the user address space");
    }
    munmap.munmapLocked(remap.mm, remap.vaddr + remap.newLength, remap.vaddr + remap.oldLength);
  }

  /**
   * @kernel mm/mremap.c:expand_vma
   */
  private long expand(Remap remap, Vma vma) {
    if (canExpandInPlace(remap, vma)) {
      moveVma.charge(remap, vma);
      long flags = vma.vmFlagsGetOpaque();
      try {
        if (vmaModify.expandInPlace(vma, remap.vaddr + remap.newLength) == null) {
          throw enomem("the mapping cannot grow in place");
        }
      } catch (ErrnoException e) {
        moveVma.uncharge(remap);
        throw e;
      }
      moveVma.statAccount(remap.mm, flags, remap.delta() >>> PAGE_SHIFT);
      return remap.vaddr;
    }
    if (!remap.has(MREMAP_MAYMOVE)) {
      throw enomem("no room behind the mapping");
    }
    return moveSomewhere(remap, vma);
  }

  /**
   * @kernel mm/mremap.c:vrm_can_expand_in_place
   */
  private static boolean canExpandInPlace(Remap remap, Vma vma) {
    long end = vma.vmEndGetOpaque();
    if (end - remap.vaddr != remap.oldLength) {
      return false;
    }
    long newEnd = end + remap.delta();
    if (newEnd < end || newEnd > Mman.TASK_SIZE) {
      return false;
    }
    Vma next = remap.mm.vmas.find(end);
    return next == null || next.vmStartGetOpaque() >= newEnd;
  }

  /**
   * @kernel mm/mremap.c:vrm_set_new_addr
   */
  private long moveSomewhere(Remap remap, Vma vma) {
    int flags = remap.has(MREMAP_FIXED) ? Mman.MAP_FIXED : 0;
    if ((vma.vmFlagsGetOpaque() & VM_MAYSHARE) != 0) {
      flags |= Mman.MAP_SHARED;
    }
    long hint = remap.impliesNewVaddr() ? remap.newVaddr : 0;
    remap.newVaddr =
        Placement.getUnmappedArea(
            remap.mm, hint, remap.newLength, vma.linearPageIndex(remap.vaddr), flags, vma.file);
    return moveVma.move(remap, vma);
  }

  private static ErrnoException einval(String why) {
    return new ErrnoException(Errno.EINVAL, why);
  }

  private static ErrnoException efault(String why) {
    return new ErrnoException(Errno.EFAULT, why);
  }

  private static ErrnoException enomem(String why) {
    return new ErrnoException(Errno.ENOMEM, why);
  }
}
