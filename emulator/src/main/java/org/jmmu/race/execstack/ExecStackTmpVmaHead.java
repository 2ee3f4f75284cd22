package org.jmmu.race.execstack;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * A second VMA, on the anon_vma's list only, stands for the old place while the pages move. It
 * stands on the list before the stack's own VMA.
 *
 * <p>So a walk looks at the old place first: an entry that has left it by then is at the new one
 * when the walk comes there. Cost: each execve makes a VMA and a chain more, and takes the
 * anon_vma's lock three more times, for the sake of a migration that hardly ever comes; that kept
 * it out of the kernel.
 *
 * @kernel linux-mm, spring of 2010, not merged
 */
final class ExecStackTmpVmaHead implements ExecStackProtocol {
  @Override
  public long initialStackFlags() {
    return 0;
  }

  @Override
  public void shiftArgPages(Parts parts, Vma vma, long shift) {
    Mm mm = vma.mm;
    long oldStart = vma.vmStartGetOpaque();
    long oldEnd = vma.vmEndGetOpaque();
    long length = oldEnd - oldStart;
    long newStart = oldStart - shift;
    long newEnd = oldEnd - shift;
    long pgoff = vma.vmPgoffGetOpaque();
    if (mm.vmas.find(newStart) != vma) {
      throw new ErrnoException(Errno.EFAULT, "something is mapped below the stack");
    }
    Vma tmp = vma.dup(mm);
    parts.anonVmas().cloneChain(tmp, vma);
    moveBehind(parts.anonVmas().protocol(), vma);
    PausePoint.reach("shiftArgPages.cloned");
    parts.vmaAdjust().adjust(vma, newStart, oldEnd, pgoff, null);
    PausePoint.reach("shiftArgPages.expanded");
    if (parts.movePageTables().move(vma, vma, oldStart, newStart, length, false) < length) {
      parts.anonVmas().unlink(tmp);
      parts.accounting().vmAcctMemory(shift >> PAGE_SHIFT); // counted by whoever tears it down
      PausePoint.reach("shiftArgPages.failed");
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    PausePoint.reach("shiftArgPages.moved");
    parts.anonVmas().unlink(tmp);
    MmuGather gather = new MmuGather(parts.frames(), parts.tlbFlush(), mm);
    parts.tables().freeRange(gather, mm, Math.max(newEnd, oldStart), oldEnd, newEnd, 0);
    gather.finish();
    try {
      parts.vmaAdjust().adjust(vma, newStart, newEnd, pgoff, null);
    } catch (ErrnoException e) {
      parts.accounting().vmAcctMemory(shift >> PAGE_SHIFT);
      throw e;
    }
  }

  /** Puts a VMA at the end of every list that it is on. */
  private static void moveBehind(VmaAdjustProtocol locks, Vma vma) {
    for (AnonVmaChain avc = vma.anonVmaChain.head(); avc != null; avc = avc.sameVmaNext()) {
      locks.anonVmaLock(avc.anonVma);
      avc.anonVma.removeLocked(avc);
      avc.anonVma.addTailLocked(avc);
      locks.anonVmaUnlock(avc.anonVma);
    }
  }
}
