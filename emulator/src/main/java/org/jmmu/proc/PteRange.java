package org.jmmu.proc;

import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Mm;

/**
 * Visits the page-table entries of a range that are not empty.
 *
 * @kernel mm/pagewalk.c:walk_page_range
 */
final class PteRange {
  /** What is done with an entry; the page-table lock is held. */
  interface Visitor {
    void entry(long vaddr, long pteVal);
  }

  private PteRange() {}

  /** The caller holds mmap_lock, so that no table goes away. */
  static void walk(PageTables tables, Mm mm, long start, long end, Visitor visitor) {
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pte = tables.pteOffset(mm, at);
      if (pte != PageTables.NONE) {
        tables.lock(pte);
        for (long vaddr = at, addr = pte; vaddr < next; vaddr += PhysMemory.PAGE_SIZE) {
          long pteVal = Mem.longGetOpaque(addr);
          if (pteVal != 0) {
            visitor.entry(vaddr, pteVal);
          }
          addr += Long.BYTES;
        }
        tables.unlock(pte);
      }
      at = next;
    }
  }
}
