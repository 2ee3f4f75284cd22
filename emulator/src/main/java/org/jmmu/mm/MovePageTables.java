package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.HugetlbRange;
import org.jmmu.hw.PteBits;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Moves page-table entries from one range of an address space to another, migration entries
 * included.
 *
 * @kernel mm/mremap.c:move_page_tables
 */
public final class MovePageTables {
  private static final long PMD_SIZE = PteBits.size(PteBits.LEVEL_PMD);

  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final MremapPeekProtocol protocol;
  private final MremapPeekProtocol.Parts parts;
  private final HugetlbRange hugePages;

  public MovePageTables(
      PageTables tables,
      TlbFlush tlbFlush,
      MremapPeekProtocol protocol,
      MremapPeekProtocol.Parts parts,
      HugetlbRange hugePages) {
    this.hugePages = hugePages;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.protocol = protocol;
    this.parts = parts;
  }

  /**
   * Both VMAs are on the reverse map, and locked for writing; the new range holds no entry. The
   * caller holds mmap_lock(W).
   *
   * @param needRmapLocks whether a reverse-map walk may visit {@code to} before {@code from}
   * @return bytes done: less than {@code length} if there was no frame for a table
   */
  public long move(
      Vma from, Vma to, long oldStart, long newStart, long length, boolean needRmapLocks) {
    assert from.isWriteLocked() && to.isWriteLocked() : from + ", " + to;
    if (HugePages.isHugetlb(from)) {
      return hugePages.move(from, oldStart, newStart, length);
    }
    Mm mm = from.mm;
    // What a userfaultfd had write-protected is moved out of its sight.
    boolean clearUffdWp = (from.vmFlagsGetOpaque() & VM_UFFD_WP) != 0;
    long done = 0;
    while (done < length) {
      long oldVaddr = oldStart + done;
      long newVaddr = newStart + done;
      long extent = PageTables.pmdAddrEnd(oldVaddr, oldStart + length) - oldVaddr;
      extent = PageTables.pmdAddrEnd(newVaddr, newVaddr + extent) - newVaddr;
      long oldPteAddr = tables.pteOffset(mm, oldVaddr);
      if (oldPteAddr != PageTables.NONE && !tables.pmdAlloc(mm, newVaddr)) {
        return done;
      }
      if (oldPteAddr != PageTables.NONE
          && (clearUffdWp || extent != PMD_SIZE || !moveTable(from, oldVaddr, newVaddr))) {
        long newPteAddr = tables.pteAlloc(mm, newVaddr);
        if (newPteAddr == PageTables.NONE) {
          return done;
        }
        protocol.takeRmapLocks(parts, from, needRmapLocks);
        moveEntries(mm, oldPteAddr, newPteAddr, oldVaddr, extent, clearUffdWp);
        protocol.dropRmapLocks(parts, from, needRmapLocks);
      }
      done += extent;
      PausePoint.reach("movePageTables.extent");
    }
    return done;
  }

  /**
   * Hangs a whole table of entries in at the new place.
   *
   * @return whether that was possible
   * @kernel mm/mremap.c:move_normal_pmd
   */
  private boolean moveTable(Vma vma, long oldVaddr, long newVaddr) {
    // A walk that has found an entry of the table through the old address must be over.
    takeRmapLocks(vma);
    boolean moved = tables.moveTable(vma.mm, oldVaddr, newVaddr);
    if (moved) {
      tlbFlush.range(vma.mm, oldVaddr, oldVaddr + PMD_SIZE);
    }
    dropRmapLocks(vma);
    return moved;
  }

  /**
   * @kernel mm/mremap.c:move_ptes
   */
  private void moveEntries(
      Mm mm, long oldPteAddr, long newPteAddr, long oldVaddr, long extent, boolean clearUffdWp) {
    long oldPtl = tables.ptl(oldPteAddr);
    long newPtl = tables.ptl(newPteAddr);
    SpinLock.lock(oldPtl, LockClass.PTL);
    if (newPtl != oldPtl) {
      SpinLock.lockNested(newPtl, LockClass.PTL, 1); // mmap_lock(W): no other thread holds two
    }
    if (moveWords(oldPteAddr, newPteAddr, extent / PAGE_SIZE, clearUffdWp)) {
      // Under both locks. The old one: whoever takes write access away, or looks for dirty
      // entries, goes by the entries, and relies on no TLB saying otherwise. The new one: the page
      // could be zapped at its new address and freed while a TLB still has it at the old one.
      tlbFlush.range(mm, oldVaddr, oldVaddr + extent);
    }
    if (newPtl != oldPtl) {
      SpinLock.unlock(newPtl, LockClass.PTL);
    }
    SpinLock.unlock(oldPtl, LockClass.PTL);
  }

  /** Whether a present entry was among them, so that TLBs may hold it. */
  private static boolean moveWords(long oldPteAddr, long newPteAddr, long nr, boolean clearUffdWp) {
    boolean present = false;
    for (long offset = 0; offset < nr * Long.BYTES; offset += Long.BYTES) {
      long pteVal = Mem.longGetOpaque(oldPteAddr + offset);
      if (pteVal == 0) {
        continue;
      }
      boolean mapped = Pte.isPresent(pteVal);
      present |= mapped;
      if (mapped && !(Pte.isYoung(pteVal) && Pte.isDirty(pteVal))) {
        pteVal = Mem.longXchg(oldPteAddr + offset, 0); // hardware may be setting A or D in it
      } else {
        Mem.longSetRelease(oldPteAddr + offset, 0); // nobody else writes to it: no atomic
      }
      PausePoint.reach("movePtes.cleared");
      if (clearUffdWp) {
        pteVal = mapped ? Pte.clearUffdWp(pteVal) : SwapPte.clearUffdWp(pteVal);
      }
      Mem.longSetRelease(newPteAddr + offset, pteVal);
    }
    return present;
  }

  /**
   * @kernel mm/mremap.c:take_rmap_locks
   */
  private void takeRmapLocks(Vma vma) {
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeLock();
    }
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null) {
      parts.anonVmas().protocol().anonVmaLock(anonVma);
    }
  }

  private void dropRmapLocks(Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null) {
      parts.anonVmas().protocol().anonVmaUnlock(anonVma);
    }
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeUnlock();
    }
  }
}
