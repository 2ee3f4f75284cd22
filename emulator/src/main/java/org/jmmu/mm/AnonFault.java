package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFlags.VM_UFFD_MISSING;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;
import org.jmmu.uffd.HandleUserfault;

/**
 * First touch of private anonymous memory.
 *
 * @kernel mm/memory.c:do_anonymous_page
 */
final class AnonFault {
  private final Frames frames;
  private final PageTables tables;
  private final AnonPages anonPages;
  private final HandleUserfault handleUserfault;
  private final long zeroPfn;

  /**
   * @param zeroPfn a frame of zeroes that all read faults on untouched memory share
   */
  AnonFault(
      Frames frames,
      PageTables tables,
      AnonPages anonPages,
      HandleUserfault handleUserfault,
      long zeroPfn) {
    this.frames = frames;
    this.tables = tables;
    this.anonPages = anonPages;
    this.handleUserfault = handleUserfault;
    this.zeroPfn = zeroPfn;
  }

  int doAnonymousPage(Vma vma, long vaddr, long pteAddr, int flags) {
    if ((flags & FAULT_FLAG_WRITE) == 0) {
      return mapZeroPage(vma, vaddr, pteAddr, flags);
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
    boolean missing = still && (vma.vmFlagsGetOpaque() & VM_UFFD_MISSING) != 0;
    if (still && !missing) {
      anonPages.map(vma, vaddr, pteAddr, pfn, anonVma);
    }
    tables.unlock(pteAddr);
    if (!still || missing) {
      frames.put(pfn);
    }
    return missing ? handleUserfault.handle(vma, vaddr, flags, VM_UFFD_MISSING) : 0;
  }

  private int mapZeroPage(Vma vma, long vaddr, long pteAddr, int flags) {
    long entry = Pte.mkSpecial(Pte.of(zeroPfn, Pte.prot(vma.vmFlagsGetOpaque())));
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == 0;
    boolean missing = still && (vma.vmFlagsGetOpaque() & VM_UFFD_MISSING) != 0;
    if (still && !missing) {
      Mem.longSetRelease(pteAddr, entry);
    }
    tables.unlock(pteAddr);
    return missing ? handleUserfault.handle(vma, vaddr, flags, VM_UFFD_MISSING) : 0;
  }
}
