package org.jmmu.race.vmaadjust;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import java.lang.invoke.VarHandle;
import org.jmmu.lock.Retries;
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
 * The seqcount of May 2010 around the whole walk: if any VMA on the list was changed between the
 * first look and the last, the walk starts over. A VMA is visited again then, which is harmless for
 * the two walks of a migration; one that counts what it visits would count twice.
 *
 * <p>Cost: a second pass over the list; and nothing but luck ends a walk while some process of the
 * fork tree keeps changing its VMAs.
 *
 * @kernel linux-mm, 2010-05-06, "Prevent rmap_walk_[anon|ksm] seeing the wrong VMA information";
 *     the larger loop was not posted
 */
final class VmaAdjustSeqWalk implements VmaAdjustProtocol {
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
    Retries retries = null;
    anonVmaLock(anonVma);
    try {
      while (true) {
        long seen = 0;
        for (AnonVmaChain avc = anonVma.headLocked();
            avc != null;
            avc = avc.sameAnonVmaNextLocked()) {
          PausePoint.reach("rmapWalk.vma");
          seen += avc.vma.mm.rmapConsistent.readBegin();
          long vaddr = vmaAddress(index, avc.vma);
          if (vaddr != EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
            return Retries.count(retries);
          }
        }
        // Sequences only grow: the sums are equal if, and only if, none has changed between the
        // first look at a VMA of its address space and now.
        VarHandle.acquireFence();
        long now = 0;
        for (AnonVmaChain avc = anonVma.headLocked();
            avc != null;
            avc = avc.sameAnonVmaNextLocked()) {
          now += avc.vma.mm.rmapConsistent.readBegin();
        }
        if (now == seen) {
          return Retries.count(retries);
        }
        retries = Retries.again(retries, "rmap walk");
      }
    } finally {
      Retries.end(retries);
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
