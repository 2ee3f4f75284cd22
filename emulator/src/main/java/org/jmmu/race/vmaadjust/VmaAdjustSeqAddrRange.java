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
 * BROKEN: the seqcount patch of May 2010, with the comparison with the VMA's range moved into the
 * retry loop. The whole look at a VMA is from before a change or from after it.
 *
 * <p>The window gets smaller, and stays: a look at one VMA, however consistent, says nothing about
 * two. Nothing that the patch as posted leaves open is closed. A VMA that maps the page before a
 * change and after it has it within each of the bounds that it ever shows, so that a comparison
 * with a mixed range does not hide the page.
 *
 * @kernel linux-mm, 2010-05-06, "Prevent rmap_walk_[anon|ksm] seeing the wrong VMA information";
 *     the larger loop was not posted
 */
final class VmaAdjustSeqAddrRange implements VmaAdjustProtocol {
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
    long address;
    long seq;
    do {
      seq = vma.mm.rmapConsistent.readBegin();
      address = vma.vmStartGetOpaque() + ((index - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
      PausePoint.reach("vmaAddress.computed");
      if (address < vma.vmStartGetOpaque() || address >= vma.vmEndGetOpaque()) {
        address = EFAULT;
      }
    } while (vma.mm.rmapConsistent.readRetry(seq));
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

      PausePoint.reach("vmaAdjust.begin");
      mm.rmapConsistent.writeBegin();
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
      mm.rmapConsistent.writeEnd();

      if (next != null && removeNext != 0) {
        anonVmas.unlink(next);
        next = mm.vmas.next(vma);
      }
    } while (removeNext == 2);
  }
}
