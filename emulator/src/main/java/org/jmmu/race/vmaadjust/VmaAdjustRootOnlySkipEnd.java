package org.jmmu.race.vmaadjust;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * The root anon_vma is locked as in 2.6.36, and so is a neighbour's that grows, but not if vm_end
 * is all that changes: then no page comes to lie elsewhere, and no page passes from one VMA to
 * another.
 *
 * <p>What the list of VMAs is sorted by does not matter here, because it is not sorted. Once it is
 * an interval tree, from 3.7 on, a VMA's end is part of its place in the tree, and the saving is
 * gone.
 *
 * @kernel 012f18004da3, with linux-mm, 2012-09-04, "mm: fix potential anon_vma locking issue in
 *     mprotect()"
 */
final class VmaAdjustRootOnlySkipEnd implements VmaAdjustProtocol {
  @Override
  public void anonVmaLock(AnonVma anonVma) {
    anonVma.root().rwsem.writeLock();
  }

  @Override
  public void anonVmaUnlock(AnonVma anonVma) {
    anonVma.root().rwsem.writeUnlock();
  }

  @Override
  public long vmaAddress(long index, Vma vma) {
    long address = vma.vmStartGetOpaque() + ((index - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    PausePoint.reach("vmaAddress.computed");
    if (address < vma.vmStartGetOpaque() || address >= vma.vmEndGetOpaque()) {
      return EFAULT;
    }
    return address;
  }

  @Override
  public int rmapWalkAnon(AnonVma anonVma, long pfn, long index, RmapOne one, long arg) {
    anonVmaLock(anonVma);
    try {
      for (AnonVmaChain avc = anonVma.headLocked();
          avc != null;
          avc = avc.sameAnonVmaNextLocked()) {
        PausePoint.reach("rmapWalk.vma");
        long vaddr = vmaAddress(index, avc.vma);
        if (vaddr != EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
          break;
        }
      }
      return 0;
    } finally {
      anonVmaUnlock(anonVma);
    }
  }

  @Override
  public void vmaAdjust(
      AnonVmas anonVmas, Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    Mm mm = vma.mm;
    Vma next = mm.vmas.next(vma);
    int removeNext;
    do {
      Vma importer = null;
      Vma exporter = null;
      long vmEnd = end;
      long adjustNext = 0;
      removeNext = 0;
      if (next != null && insert == null) {
        if (end >= next.vmEndGetOpaque()) {
          // Grows over the whole of next, and perhaps over the one behind it: once more then.
          removeNext = end > next.vmEndGetOpaque() ? 2 : 1;
          vmEnd = next.vmEndGetOpaque();
          exporter = next;
          importer = vma;
        } else if (end > next.vmStartGetOpaque()) {
          adjustNext = (end - next.vmStartGetOpaque()) >> PAGE_SHIFT;
          exporter = next;
          importer = vma;
        } else if (end < vma.vmEndGetOpaque()) {
          adjustNext = -((vma.vmEndGetOpaque() - end) >> PAGE_SHIFT);
          exporter = vma;
          importer = next;
        }
        if (importer != null && exporter != null) {
          anonVmas.importChain(importer, exporter);
        }
      }

      // Changing vm_end alone moves no page to another address: no lock then.
      AnonVma anonVma = null;
      if (insert != null || importer != null || start != vma.vmStartGetOpaque()) {
        anonVma = vma.anonVmaGetAcquire();
      }
      // A VMA that was never faulted gives way to next: next's pages are the ones to protect.
      if (anonVma == null && next != null && adjustNext != 0) {
        anonVma = next.anonVmaGetAcquire();
      }
      if (anonVma != null) {
        anonVmaLock(anonVma);
      }

      PausePoint.reach("vmaAdjust.begin");
      vma.vmStartSetOpaque(start);
      PausePoint.reach("vmaAdjust.vm_start");
      vma.vmEndSetOpaque(vmEnd);
      PausePoint.reach("vmaAdjust.vm_end");
      vma.vmPgoffSetOpaque(pgoff);
      PausePoint.reach("vmaAdjust.vm_pgoff");
      if (next != null && adjustNext != 0) {
        next.vmStartSetOpaque(next.vmStartGetOpaque() + (adjustNext << PAGE_SHIFT));
        PausePoint.reach("vmaAdjust.next.vm_start");
        next.vmPgoffSetOpaque(next.vmPgoffGetOpaque() + adjustNext);
      }
      if (next != null && removeNext != 0) {
        mm.vmas.remove(next);
      } else if (insert != null) {
        mm.vmas.insert(insert);
      }
      PausePoint.reach("vmaAdjust.done");

      if (anonVma != null) {
        anonVmaUnlock(anonVma);
      }
      if (next != null && removeNext != 0) {
        anonVmas.unlink(next);
        next = mm.vmas.next(vma);
      }
    } while (removeNext == 2);
  }
}
