package org.jmmu.mm;

import org.jmmu.alloc.Buddy;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.rmap.MovePte;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Linux since 6.16: the page is locked, so it is asked whether it is still in the swap cache for
 * this entry; and if there was none, whether one has come since.
 *
 * @kernel 0ea148a799198518d8ebab63ddd0bb6114a103bc
 */
public final class UffdMoveSwapEntryRecheck implements UffdMoveSwapProtocol {
  @Override
  public @Nullable Errno moveSwapPte(Parts parts, MovePte move, long pfn) {
    long entry = SwapPte.toEntry(move.srcPteVal());
    if (pfn != Buddy.NO_FRAME && !parts.swapCache().holds(entry, pfn)) {
      return Errno.EAGAIN;
    }
    PausePoint.reach("moveSwapPte.checked");
    move.doublePtLock();
    try {
      if (!move.isStable()) {
        return Errno.EAGAIN;
      }
      if (pfn != Buddy.NO_FRAME) {
        AnonVma anonVma = parts.anonVmas().ownOf(move.dstVma());
        parts.pageRmap().moveAnonRmap(pfn, anonVma);
        long index = move.dstVma().linearPageIndex(move.dstVaddr());
        PageDesc.indexSetOpaque(parts.phys(), pfn, index);
      } else if (parts.swapfile().cached(entry) != 0) {
        return Errno.EAGAIN;
      }
      Mem.longSetRelease(move.srcPteAddr(), 0);
      Mem.longSetRelease(move.dstPteAddr(), move.srcPteVal());
      return null;
    } finally {
      move.doublePtUnlock();
    }
  }
}
