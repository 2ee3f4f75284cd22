package org.jmmu.mm;

import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Pages that an address space has in memory, by kind. Counted when asked for: page tables say it
 * exactly, and faults need not keep a count.
 *
 * @kernel include/linux/mm_types_task.h:MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES
 */
public record Rss(long anonPages, long filePages, long shmemPages) {
  /** The zero page is nobody's memory. */
  public static Rss of(PhysMemory phys, PageTables tables, PageRmap pageRmap, Mm mm) {
    Counter counter = new Counter(phys, tables, pageRmap);
    mm.mmapLock.readLock();
    try {
      for (Vma vma = mm.vmas.find(0); vma != null; vma = mm.vmas.next(vma)) {
        counter.count(vma);
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    return new Rss(counter.anon, counter.file, counter.shmem);
  }

  private static final class Counter {
    private final PhysMemory phys;
    private final PageTables tables;
    private final PageRmap pageRmap;
    private long anon;
    private long file;
    private long shmem;

    Counter(PhysMemory phys, PageTables tables, PageRmap pageRmap) {
      this.phys = phys;
      this.tables = tables;
      this.pageRmap = pageRmap;
    }

    void count(Vma vma) {
      long end = vma.vmEndGetOpaque();
      for (long at = vma.vmStartGetOpaque(); at < end; ) {
        long next = PageTables.pmdAddrEnd(at, end);
        long pteAddr = tables.pteOffset(vma.mm, at);
        if (pteAddr != PageTables.NONE) {
          tables.lock(pteAddr);
          for (; at < next; at += PAGE_SIZE, pteAddr += Long.BYTES) {
            countEntry(Mem.longGetOpaque(pteAddr));
          }
          tables.unlock(pteAddr - Long.BYTES);
        }
        at = next;
      }
    }

    private void countEntry(long pteVal) {
      if (!Pte.isPresent(pteVal) || Pte.isSpecial(pteVal)) {
        return;
      }
      long pfn = Pte.pfn(pteVal);
      if (pageRmap.isAnon(pfn)) {
        anon++;
      } else if ((PageDesc.flagsGetAcquire(phys, pfn) & PG_SWAPBACKED) != 0) {
        shmem++;
      } else {
        file++;
      }
    }
  }
}
