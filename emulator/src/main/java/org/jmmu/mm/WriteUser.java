package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Writes into an address space that no CPU runs.
 *
 * @kernel mm/memory.c:access_remote_vm
 */
public final class WriteUser {
  private final PhysMemory phys;
  private final PageTables tables;
  private final FaultIn faultIn;

  public WriteUser(PhysMemory phys, PageTables tables, FaultIn faultIn) {
    this.phys = phys;
    this.tables = tables;
    this.faultIn = faultIn;
  }

  /**
   * @throws ErrnoException as {@link FaultIn#access}
   */
  void write(Mm mm, long vaddr, byte[] bytes) {
    int done = 0;
    while (done < bytes.length) {
      long at = vaddr + done;
      long page = at & PAGE_MASK;
      int nr = (int) Math.min(bytes.length - done, page + PAGE_SIZE - at);
      faultIn.access(mm, page, page + PAGE_SIZE, true);
      if (writeToPage(mm, at, bytes, done, nr)) {
        done += nr;
      } // else: the page is on the move; once more
    }
  }

  private boolean writeToPage(Mm mm, long vaddr, byte[] bytes, int from, int nr) {
    long pteAddr = tables.pteOffset(mm, vaddr);
    tables.lock(pteAddr); // under it, the page stays where it is
    long pteVal = Mem.longGetOpaque(pteAddr);
    boolean there = Pte.isPresent(pteVal) && Pte.isWrite(pteVal);
    if (there) {
      long to = phys.frameAddr(Pte.pfn(pteVal)) + (vaddr & ~PAGE_MASK);
      Mem.copyIn(bytes, from, to, nr);
    }
    tables.unlock(pteAddr);
    return there;
  }
}
