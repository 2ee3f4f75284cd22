package org.jmmu.sys;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;

/** Looks at pages below the system calls, without touching them, while nobody uses the machine. */
public final class PageProbe {
  private final PhysMemory phys;
  private final PageTables tables;

  public PageProbe(Machine machine) {
    phys = machine.kernel().phys;
    tables = machine.kernel().tables;
  }

  /** The page-table entry, 0 if there is no table for it. */
  public long pteVal(Process process, long vaddr) {
    long pteAddr = tables.pteOffset(process.mm(), vaddr);
    return pteAddr == PageTables.NONE ? 0 : Mem.longGetOpaque(pteAddr);
  }

  /** Whether no other entry maps the page; no for the zero page. */
  public boolean isMappedOnce(long pteVal) {
    return !Pte.isSpecial(pteVal) && PageDesc.mapcountGetAcquire(phys, Pte.pfn(pteVal)) == 1;
  }

  /** Whether the page belongs to a file; no for the zero page. */
  public boolean isOfFile(long pteVal) {
    return !Pte.isSpecial(pteVal)
        && (PageDesc.mappingGetOpaque(phys, Pte.pfn(pteVal)) & PageFlags.PAGE_MAPPING_ANON) == 0;
  }

  /** Eight bytes of the page. */
  public long loadLong(long pteVal, long offset) {
    return Mem.longGetOpaque(phys.frameAddr(Pte.pfn(pteVal)) + offset);
  }
}
