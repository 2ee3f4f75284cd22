package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;

/**
 * First touch of private anonymous memory.
 *
 * @kernel mm/memory.c:do_anonymous_page
 */
final class AnonFault {
  private final Frames frames;
  private final PageTables tables;
  private final AnonPages anonPages;
  private final long zeroPfn;

  /**
   * @param zeroPfn a frame of zeroes that all read faults on untouched memory share
   */
  AnonFault(Frames frames, PageTables tables, AnonPages anonPages, long zeroPfn) {
    this.frames = frames;
    this.tables = tables;
    this.anonPages = anonPages;
    this.zeroPfn = zeroPfn;
  }

  int doAnonymousPage(Vma vma, long vaddr, long pteAddr, int flags) {
    if ((flags & FAULT_FLAG_WRITE) == 0) {
      mapZeroPage(vma, pteAddr);
      return 0;
    }
    AnonVma anonVma = anonPages.prepare(vma, flags);
    if (anonVma == null) {
      return VM_FAULT_RETRY;
    }
    long pfn = frames.allocZeroed(FrameType.USER);
    if (pfn == Buddy.NO_FRAME) {
      return VM_FAULT_OOM;
    }
    PausePoint.reach("doAnonymousPage.allocated");
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == 0;
    if (still) {
      anonPages.map(vma, vaddr, pteAddr, pfn, anonVma);
    }
    tables.unlock(pteAddr);
    if (!still) {
      frames.put(pfn);
    }
    return 0;
  }

  private void mapZeroPage(Vma vma, long pteAddr) {
    long entry = Pte.mkSpecial(Pte.of(zeroPfn, Pte.prot(vma.vmFlagsGetOpaque())));
    tables.lock(pteAddr);
    if (Mem.longGetOpaque(pteAddr) == 0) {
      Mem.longSetRelease(pteAddr, entry);
    }
    tables.unlock(pteAddr);
  }
}
