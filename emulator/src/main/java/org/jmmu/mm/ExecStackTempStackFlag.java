package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_STACK_INCOMPLETE_SETUP;

import org.jmmu.pgtable.MmuGather;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Merged in 2.6.35: flags that no finished stack has mark the stack until it is at its place, and
 * the first walk of a migration leaves marked VMAs alone. As no entry becomes a migration entry,
 * the second walk has none to miss.
 *
 * <p>Costs execve nothing. A migration that comes across such a page fails (-EAGAIN).
 *
 * @kernel a8bef8ff6ea1
 */
public final class ExecStackTempStackFlag implements ExecStackProtocol {
  @Override
  public long initialStackFlags() {
    return VM_STACK_INCOMPLETE_SETUP;
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
