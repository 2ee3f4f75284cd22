package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_LOCKED_MASK;
import static org.jmmu.types.VmFlags.VM_MERGEABLE;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Moves a range of a VMA to a free range of the same address space: a copy of the VMA, then the
 * page-table entries, then the old range is unmapped. The caller holds mmap_lock(W).
 *
 * @kernel mm/mremap.c:move_vma
 */
final class MoveVma {
  /** VMAs that a move may add before it removes others, and one to spare. */
  private static final int SPARE_MAPS = 3;

  private final AnonVmas anonVmas;
  private final VmaModify vmaModify;
  private final Accounting accounting;
  private final Munmap munmap;
  private final BreakKsm breakKsm;
  private final MovePageTables movePageTables;

  MoveVma(
      AnonVmas anonVmas,
      VmaModify vmaModify,
      Accounting accounting,
      Munmap munmap,
      BreakKsm breakKsm,
      MovePageTables movePageTables) {
    this.anonVmas = anonVmas;
    this.vmaModify = vmaModify;
    this.accounting = accounting;
    this.munmap = munmap;
    this.breakKsm = breakKsm;
    this.movePageTables = movePageTables;
  }

  /**
   * @param more VMAs that come before the move
   * @throws ErrnoException ENOMEM if a move could exceed the number of VMAs allowed
   */
  static void checkMapCount(Mm mm, int more) {
    if (mm.vmas.size() + more >= mm.sysctl.maxMapCount - SPARE_MAPS) {
      throw new ErrnoException(Errno.ENOMEM, "too many VMAs");
    }
  }

  /**
   * @param vma at {@code remap.vaddr}
   * @return {@code remap.newVaddr}
   * @throws ErrnoException ENOMEM, with everything where it was; EINVAL for a part of a special
   *     mapping
   */
  long move(Remap remap, Vma vma) {
    prepare(remap, vma);
    charge(remap, vma);
    long flags = vma.vmFlagsGetOpaque();
    long pgoff = vma.linearPageIndex(remap.vaddr);
    Vma copy;
    try {
      copy = vmaModify.copyVma(vma, remap.newVaddr, remap.newLength, pgoff);
    } catch (ErrnoException e) {
      uncharge(remap);
      throw e;
    }
    // A VMA that was never faulted may have become one with its own copy.
    Vma source =
        remap.vaddr >= copy.vmStartGetOpaque() && remap.vaddr < copy.vmEndGetOpaque() ? copy : vma;
    PausePoint.reach("moveVma.copied");
    long length = remap.oldLength;
    boolean needRmapLocks = isMerged(copy, remap);
    long moved =
        movePageTables.move(source, copy, remap.vaddr, remap.newVaddr, length, needRmapLocks);
    PausePoint.reach("moveVma.moved");
    statAccount(remap.mm, flags, remap.newLength >>> PAGE_SHIFT);
    if (moved < length) {
      undo(remap, source, copy, moved);
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    if (remap.has(Mman.MREMAP_DONTUNMAP)) {
      keepSource(remap, source, copy);
    } else if (length != 0) { // 0: a shared mapping is duplicated
      unmap(remap, source, remap.vaddr, length);
    }
    return remap.newVaddr;
  }

  /**
   * @kernel mm/mremap.c:prep_move_vma
   */
  private void prepare(Remap remap, Vma vma) {
    checkMapCount(remap.mm, 0);
    boolean part =
        vma.vmStartGetOpaque() != remap.vaddr
            || vma.vmEndGetOpaque() != remap.vaddr + remap.oldLength;
    if (vma.specialName != null && part) {
      throw new ErrnoException(Errno.EINVAL, "a part of " + vma.specialName);
    }
    if ((vma.vmFlagsGetOpaque() & VM_MERGEABLE) != 0) {
      // The reverse map of a merged page has its address: that must not change.
      breakKsm.range(vma, remap.vaddr, remap.vaddr + remap.oldLength);
    }
  }

  /**
   * Whether a reverse-map walk may look at the new place before it looks at the old one: it could
   * then miss a page in both. A new VMA joins the lists behind its source; one that was there
   * before may stand anywhere.
   */
  private static boolean isMerged(Vma copy, Remap remap) {
    return copy.vmStartGetOpaque() != remap.newVaddr
        || copy.vmEndGetOpaque() != remap.newVaddr + remap.newLength;
  }

  /** Moves back what was moved, for which there are tables, and unmaps the copy. */
  private void undo(Remap remap, Vma source, Vma copy, long moved) {
    long _ = movePageTables.move(copy, source, remap.newVaddr, remap.vaddr, moved, true);
    unmap(remap, copy, remap.newVaddr, remap.newLength);
    if (!remap.has(Mman.MREMAP_DONTUNMAP)) {
      uncharge(remap); // what unmap() did not count
    }
  }

  /**
   * Two VMAs have the reservations of huge pages of one: the one at {@code vaddr} gives up its own.
   *
   * @kernel mm/hugetlb.c:fixup_hugetlb_reservations
   */
  private static void handReservationsOver(Mm mm, long vaddr) {
    Mman.vmaAt(mm, vaddr).resvMap = null;
  }

  /**
   * Unmaps a range whose pages are elsewhere now, and with them what they count against the commit
   * limit; only with MREMAP_DONTUNMAP were they counted twice.
   *
   * @kernel mm/mremap.c:unmap_source_vma
   */
  private void unmap(Remap remap, Vma vma, long start, long length) {
    long end = start + length;
    long flags = vma.vmFlagsGetOpaque();
    boolean conceal = (flags & VM_ACCOUNT) != 0 && !remap.has(Mman.MREMAP_DONTUNMAP);
    boolean before = vma.vmStartGetOpaque() < start;
    boolean behind = vma.vmEndGetOpaque() > end;
    if (conceal) {
      vma.vmFlagsSetOpaque(flags & ~VM_ACCOUNT);
    }
    try {
      if (HugePages.isHugetlb(vma)) {
        munmap.gather(remap.mm, start, end);
        handReservationsOver(remap.mm, start);
      }
      munmap.munmapLocked(remap.mm, start, end);
    } catch (ErrnoException e) {
      if (HugePages.isHugetlb(vma)) {
        handReservationsOver(remap.mm, start == remap.vaddr ? remap.newVaddr : remap.vaddr);
      }
      // No memory for a split: the range stays mapped, without pages, and counts on its own.
      if (conceal) {
        accounting.vmAcctMemory(length >>> PAGE_SHIFT);
        account(remap.mm, start);
        account(remap.mm, end - 1);
      }
    }
    if (conceal && before) {
      account(remap.mm, start - 1);
    }
    if (conceal && behind) {
      account(remap.mm, end);
    }
  }

  private static void account(Mm mm, long vaddr) {
    Vma rest = Mman.vmaAt(mm, vaddr);
    rest.vmFlagsSetOpaque(rest.vmFlagsGetOpaque() | VM_ACCOUNT);
  }

  /**
   * The source stays mapped, without pages.
   *
   * @kernel mm/mremap.c:dontunmap_complete
   */
  private void keepSource(Remap remap, Vma source, Vma copy) {
    source.vmFlagsSetOpaque(source.vmFlagsGetOpaque() & ~VM_LOCKED_MASK);
    boolean whole =
        source.vmStartGetOpaque() == remap.vaddr
            && source.vmEndGetOpaque() == remap.vaddr + remap.oldLength;
    if (copy != source && whole) {
      anonVmas.unlink(source); // it holds no page: nothing needs to be found there
    }
  }

  /**
   * @throws ErrnoException ENOMEM if the commit limit does not allow it
   * @kernel mm/mremap.c:vrm_calc_charge
   */
  void charge(Remap remap, Vma vma) {
    if ((vma.vmFlagsGetOpaque() & VM_ACCOUNT) == 0) {
      return;
    }
    boolean twice = remap.has(Mman.MREMAP_DONTUNMAP);
    long nrPages = (twice ? remap.newLength : remap.delta()) >>> PAGE_SHIFT;
    accounting.vmEnoughMemory(remap.mm, nrPages);
    remap.charged = nrPages;
  }

  void uncharge(Remap remap) {
    accounting.vmUnacctMemory(remap.charged);
    remap.charged = 0;
  }

  /**
   * @kernel mm/mremap.c:vrm_stat_account
   */
  void statAccount(Mm mm, long flags, long nrPages) {
    accounting.vmStatAccount(mm, flags, nrPages);
    if ((flags & VM_LOCKED) != 0) {
      mm.lockedVm += nrPages;
    }
  }
}
