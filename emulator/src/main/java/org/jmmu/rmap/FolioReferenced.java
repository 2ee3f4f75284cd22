package org.jmmu.rmap;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.types.Vma;

/**
 * Counts the entries through which a page was accessed since the last time, and makes them old. The
 * TLBs are left alone, as in Linux on x86: a stale A bit costs accuracy, a flush costs more.
 *
 * <p>For one thread; the walk's {@code arg} is not used.
 *
 * @kernel mm/rmap.c:folio_referenced_one
 */
public final class FolioReferenced implements RmapOne {
  private final PageTables tables;
  private final PageVmaMappedWalk mapped;
  private int referenced;

  public FolioReferenced(PageTables tables) {
    this.tables = tables;
    this.mapped = new PageVmaMappedWalk(tables);
  }

  @Override
  public boolean rmapOne(long pfn, Vma vma, long vaddr, long arg) {
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr != PageTables.NONE) {
      if (Pte.testAndClearYoung(pteAddr)) {
        referenced++;
      }
      tables.unlock(pteAddr);
    }
    return true;
  }

  /** Entries found young since the last call. */
  public int takeReferenced() {
    int count = referenced;
    referenced = 0;
    return count;
  }
}
