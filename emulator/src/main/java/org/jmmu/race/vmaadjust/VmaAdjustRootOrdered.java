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
 * BROKEN: vma_adjust locks the VMA's own anon_vma, as it did before anon_vma chains. A walk locks
 * the root of the page's fork tree, goes along the root's list, and locks the anon_vma of each VMA
 * too while it looks at it.
 *
 * <p>What it leaves open: the second lock is given up between two VMAs, even if both have the same
 * anon_vma, so that the page can pass from one that is visited later to one that was visited
 * before. And if the VMA that gives a page away was never faulted, there is no lock to take.
 *
 * <p>As posted, the walk found the root by way of the first VMA on the page's list; here, as from
 * 2.6.36 on, an anon_vma knows its root.
 *
 * @kernel linux-mm, 2010-05-06, "Prevent rmap_walk_[anon|ksm] seeing the wrong VMA information",
 *     starting from the root anon_vma
 */
final class VmaAdjustRootOrdered implements VmaAdjustProtocol {
  @Override
  public void anonVmaLock(AnonVma anonVma) {
    anonVma.rwsem.writeLock();
  }

  @Override
  public void anonVmaUnlock(AnonVma anonVma) {
    anonVma.rwsem.writeUnlock();
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
    // The root's list has every VMA of the fork tree. Old before new: no two walks wait for each
    // other.
    AnonVma root = anonVma.root();
    AnonVma nested = null;
    anonVmaLock(root);
    try {
      for (AnonVmaChain avc = root.headLocked(); avc != null; avc = avc.sameAnonVmaNextLocked()) {
        PausePoint.reach("rmapWalk.vma");
        if (nested != null) {
          anonVmaUnlock(nested);
          nested = null;
        }
        AnonVma own = avc.vma.anonVmaGetAcquire();
        if (own != null && own != root) {
          own.rwsem.writeLockNested(1);
          nested = own;
        }
        long vaddr = vmaAddress(index, avc.vma);
        if (vaddr != EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
          break;
        }
      }
      return 0;
    } finally {
      if (nested != null) {
        anonVmaUnlock(nested);
      }
      anonVmaUnlock(root);
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
