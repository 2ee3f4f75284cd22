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
 * BROKEN: the seqcount patch as posted in May 2010. A write section lasts from the first change of
 * the VMA to the last, the move of the pages included, and a walk computes an address in a read
 * section, as in SEQ_ADDR of race vma-adjust, the other half of the patch.
 *
 * <p>What it leaves open: the read section ends before the walk looks at the entry, and a move that
 * comes between the two takes the entry away. And the write section allocates page tables, which
 * may sleep, while walks spin with the locks that they hold.
 *
 * @kernel linux-mm, 2010-05-06, in the thread of "Prevent rmap_walk_[anon|ksm] seeing the wrong VMA
 *     information"
 */
final class ExecStackSeqExec implements ExecStackProtocol {
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
    if (mm.vmas.find(newStart) != vma) {
      throw new ErrnoException(Errno.EFAULT, "something is mapped below the stack");
    }
    mm.rmapConsistent.writeBegin();
    vma.vmStartSetOpaque(newStart); // not by vma_adjust, which has a write section of its own
    PausePoint.reach("shiftArgPages.expanded");
    if (parts.movePageTables().move(vma, vma, oldStart, newStart, length, false) < length) {
      // The pages that have not moved are not found any more, nor can they be faulted in again.
      mm.rmapConsistent.writeEnd();
      mm.vmas.rangeChanged(vma);
      parts.accounting().vmAcctMemory(shift >> PAGE_SHIFT); // counted by whoever tears it down
      PausePoint.reach("shiftArgPages.failed");
      throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
    }
    PausePoint.reach("shiftArgPages.moved");
    MmuGather gather = new MmuGather(parts.frames(), parts.tlbFlush(), mm);
    parts.tables().freeRange(gather, mm, Math.max(newEnd, oldStart), oldEnd, newEnd, 0);
    gather.finish();
    vma.vmEndSetOpaque(newEnd);
    mm.rmapConsistent.writeEnd();
    mm.vmas.rangeChanged(vma);
  }
}
