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
 * BROKEN: Linux 2.6.34. From the moment its VMA covers both places, the reverse map has every page
 * of the stack at its new address, where its entry has not come yet.
 *
 * @kernel v2.6.34 fs/exec.c:shift_arg_pages
 */
final class ExecStackNone implements ExecStackProtocol {
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
    // From here on pages are where the reverse map does not expect them.
    parts.vmaAdjust().adjust(vma, newStart, oldEnd, pgoff, null);
    PausePoint.reach("shiftArgPages.expanded");
    if (parts.movePageTables().move(vma, vma, oldStart, newStart, length, false) < length) {
      parts.accounting().vmAcctMemory(shift >> PAGE_SHIFT); // counted by whoever tears it down
      PausePoint.reach("shiftArgPages.failed");
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    PausePoint.reach("shiftArgPages.moved");
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
