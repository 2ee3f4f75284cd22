package org.jmmu.race.execstack;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.mm.ExecStackProtocol;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * BROKEN: a second VMA, on the anon_vma's list only, stands for the old place while the pages move.
 * It joins the list behind the stack's own VMA.
 *
 * <p>So a walk looks at the new place first. If it does so before the move and comes to the old
 * place after it, it misses the entry in both.
 *
 * @kernel linux-mm, spring of 2010, not merged
 */
final class ExecStackTmpVmaTail implements ExecStackProtocol {
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
}
