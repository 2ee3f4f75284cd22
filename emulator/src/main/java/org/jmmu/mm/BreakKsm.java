package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_UNSHARE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Vma;

/**
 * Gives a process its own copies of merged pages again.
 *
 * @kernel mm/ksm.c:break_ksm, unmerge_ksm_pages
 */
public final class BreakKsm {
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final HandleMmFault handleMmFault;

  public BreakKsm(PageTables tables, PageRmap pageRmap, HandleMmFault handleMmFault) {
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.handleMmFault = handleMmFault;
  }

  /**
   * The caller holds mmap_lock, and the range lies in {@code vma}.
   *
   * @throws ErrnoException ENOMEM; what lies before is done
   */
  public void range(Vma vma, long start, long end) {
    for (long at = start; at < end; at += PAGE_SIZE) {
      while (mayBeMerged(vma, at)) {
        if (handleMmFault.handle(null, vma, at, FAULT_FLAG_UNSHARE) == VM_FAULT_OOM) {
          throw new ErrnoException(Errno.ENOMEM, "no frame to copy a merged page to");
        }
      }
    }
  }

  private boolean mayBeMerged(Vma vma, long vaddr) {
    long pteAddr = tables.pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return false;
    }
    tables.lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    // A merged page may be on its way to another frame: the fault waits for its arrival.
    boolean merged =
        Pte.isPresent(pteVal)
            ? !Pte.isSpecial(pteVal) && pageRmap.isKsm(Pte.pfn(pteVal))
            : MigrationEntry.isMigrationEntry(pteVal);
    tables.unlock(pteAddr);
    return merged;
  }
}
