package org.jmmu.race.migrationwait;

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
 * Mainline's reverse-map walks, but a thread can ask for its second look at a VMA to miss. It
 * stands for 0-A to 0-F: how walk 2 comes to miss an entry is told by other races, what a fault on
 * that entry does is told here, and does not depend on it.
 */
final class MissingWalk implements VmaAdjustProtocol {
  private static final VmaAdjustProtocol MAINLINE = new VmaAdjustRootOnly();

  /** Looks up to and including the one that misses; null: none does. */
  private static final ThreadLocal<@Nullable Integer> LOOKS = new ThreadLocal<>();

  /** The next migration by the calling thread, of a page in one VMA, leaves its entry behind. */
  static void missSecondLook() {
    LOOKS.set(2);
  }

  static void missNothing() {
    LOOKS.remove();
  }

  @Override
  public long vmaAddress(long index, Vma vma) {
    Integer looks = LOOKS.get();
    if (looks != null) {
      LOOKS.set(looks - 1);
      if (looks == 1) {
        return EFAULT;
      }
    }
    return MAINLINE.vmaAddress(index, vma);
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
