package org.jmmu.race.execstack;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RmapOne;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.VmaAdjustRootOnly;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * The reader of {@link ExecStackSeqExec}: mainline's walks, but the address is computed in a read
 * section, as the patch does it. What vma_adjust does is another race; here it locks as mainline.
 *
 * @kernel linux-mm, 2010-05-06, in the thread of "Prevent rmap_walk_[anon|ksm] seeing the wrong VMA
 *     information"
 */
final class SeqAddrWalk implements VmaAdjustProtocol {
  private static final VmaAdjustProtocol MAINLINE = new VmaAdjustRootOnly();

  @Override
  public long vmaAddress(long index, Vma vma) {
    long address;
    long seq;
    do {
      seq = vma.mm.rmapConsistent.readBegin();
      address = vma.vmStartGetOpaque() + ((index - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    } while (vma.mm.rmapConsistent.readRetry(seq));
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
  public void anonVmaLock(AnonVma anonVma) {
    MAINLINE.anonVmaLock(anonVma);
  }

  @Override
  public void anonVmaUnlock(AnonVma anonVma) {
    MAINLINE.anonVmaUnlock(anonVma);
  }

  @Override
  public void vmaAdjust(
      AnonVmas anonVmas, Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    MAINLINE.vmaAdjust(anonVmas, vma, start, end, pgoff, insert);
  }
}
