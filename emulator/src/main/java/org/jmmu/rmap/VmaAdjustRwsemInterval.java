package org.jmmu.rmap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Linux since 3.8: an anon_vma's links are an interval tree, keyed by the pages of their VMAs, and
 * its root's lock is a read-write semaphore. Walks take it for reading, side by side; they find the
 * VMAs that may map a page without a look at the others.
 *
 * <p>Start, end and offset are a VMA's place in the tree: whatever changes them holds the lock for
 * writing, takes the VMA's links out, and puts them back in. A change of vm_end alone is one of
 * those. What is put back stands behind the VMAs with the same first page, so that a parent can
 * come to stand behind its child; while fork copies its entries it does not.
 *
 * @kernel bf181b9f9d8d 5a505085f043 4fc3f1d66b1e; mm/vma.c:vma_prepare, vma_complete
 */
public final class VmaAdjustRwsemInterval implements VmaAdjustProtocol {
  @Override
  public void anonVmaLock(AnonVma anonVma) {
    anonVma.root().rwsem.writeLock();
  }

  @Override
  public void anonVmaUnlock(AnonVma anonVma) {
    anonVma.root().rwsem.writeUnlock();
  }

  @Override
  public void anonVmaChainLink(AnonVmaChain avc) {
    avc.anonVma.rbRoot.insert(avc, avc.vma.vmPgoffGetOpaque(), avc.vma.lastPgoff());
  }

  @Override
  public void anonVmaChainUnlink(AnonVmaChain avc) {
    avc.anonVma.rbRoot.remove(avc);
  }

  @Override
  public void preUpdateVma(Vma vma) {
    for (AnonVmaChain avc = vma.anonVmaChain.head(); avc != null; avc = avc.sameVmaNext()) {
      avc.anonVma.rbRoot.remove(avc);
    }
  }

  @Override
  public void postUpdateVma(Vma vma) {
    for (AnonVmaChain avc = vma.anonVmaChain.head(); avc != null; avc = avc.sameVmaNext()) {
      avc.anonVma.rbRoot.insert(avc, vma.vmPgoffGetOpaque(), vma.lastPgoff());
    }
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
    anonVma.root().rwsem.readLock();
    try {
      for (AnonVmaChain avc = anonVma.rbRoot.firstOverlap(index, index);
          avc != null;
          avc = anonVma.rbRoot.nextOverlap(avc, index, index)) {
        PausePoint.reach("rmapWalk.vma");
        long vaddr = vmaAddress(index, avc.vma);
        if (vaddr != EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
          break;
        }
      }
      return 0;
    } finally {
      anonVma.root().rwsem.readUnlock();
    }
  }

  @Override
  public boolean rmapWalkAnonWindow(AnonVma anonVma, RmapWindow window, RmapWindow.One one) {
    long first = window.firstIndex();
    long last = window.lastIndex();
    anonVma.root().rwsem.readLock();
    try {
      for (AnonVmaChain avc = anonVma.rbRoot.firstOverlap(first, last);
          avc != null;
          avc = anonVma.rbRoot.nextOverlap(avc, first, last)) {
        PausePoint.reach("rmapWalk.vma");
        Vma vma = avc.vma;
        long from = Math.max(first, vma.vmPgoffGetOpaque());
        long to = Math.min(last, vma.lastPgoff());
        long vaddr = vmaAddress(from, vma);
        if (vaddr != EFAULT) {
          one.rmapOne(window, vma, vaddr, window.slotOf(from), (int) (to - from) + 1);
        }
      }
      return true;
    } finally {
      anonVma.root().rwsem.readUnlock();
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

      AnonVma anonVma = vma.anonVmaGetAcquire();
      // A VMA that was never faulted gives way to next: next's pages are the ones to protect.
      if (anonVma == null && next != null && adjustNext != 0) {
        anonVma = next.anonVmaGetAcquire();
      }
      if (anonVma != null) {
        anonVmaLock(anonVma);
        preUpdateVma(vma);
        if (next != null && adjustNext != 0) {
          preUpdateVma(next);
        }
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
        postUpdateVma(vma);
        if (next != null && adjustNext != 0) {
          postUpdateVma(next);
        }
        anonVmaUnlock(anonVma);
      }
      if (next != null && removeNext != 0) {
        anonVmas.unlink(next);
        next = mm.vmas.next(vma);
      }
    } while (removeNext == 2);
  }
}
