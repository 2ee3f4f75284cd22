package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.hw.PteBits;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;

/**
 * Maps, with the page that a read needs, those around it that are in the page cache anyway.
 *
 * @kernel mm/memory.c:do_fault_around, mm/filemap.c:filemap_map_pages
 */
final class FaultAround {
  private static final long PAGES = 16; // fault_around_bytes

  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final PageCache pageCache;

  FaultAround(
      PhysMemory phys, Frames frames, PageTables tables, PageRmap pageRmap, PageCache pageCache) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.pageCache = pageCache;
  }

  /**
   * Looks at up to 16 pages, within the VMA and within one table of entries.
   *
   * @return whether {@code vaddr} itself has an entry now
   */
  boolean mapPages(Vma vma, AddressSpace mapping, long vaddr, long pteAddr) {
    long pteOff = PteBits.pteIndex(vaddr);
    long vmaOff = (vaddr - vma.vmStartGetOpaque()) >> PAGE_SHIFT;
    long from = Math.max(pteOff & -PAGES, pteOff - Math.min(pteOff, vmaOff));
    long end = Math.min(from + PAGES, pteOff + vma.nrPages() - vmaOff);
    end = Math.min(end, PteBits.ENTRIES_PER_TABLE);
    long prot = Pte.prot(vma.vmFlagsGetOpaque());
    long index = vma.linearPageIndex(vaddr);
    tables.lock(pteAddr);
    for (long at = from - pteOff; at < end - pteOff; at++) {
      mapPage(mapping, index + at, pteAddr + at * Long.BYTES, prot);
    }
    boolean mapped = Mem.longGetOpaque(pteAddr) != 0;
    tables.unlock(pteAddr);
    return mapped;
  }

  /** Nothing that would mean waiting: the ptl is held. */
  private void mapPage(AddressSpace mapping, long index, long pteAddr, long prot) {
    if (mapping.pages.load(index) == 0 || Mem.longGetOpaque(pteAddr) != 0) {
      return;
    }
    long pfn = pageCache.findGet(mapping, index);
    if (pfn == 0) {
      return;
    }
    PausePoint.reach("filemapMapPages.found");
    boolean mapped = false;
    if (pageCache.isUptodate(pfn) && PageLock.tryLock(phys, pfn)) {
      mapped = pageCache.holds(mapping, index, pfn) && index < mapping.nrPagesGetVolatile();
      if (mapped) {
        pageRmap.add(pfn); // the reference goes to the entry
        Mem.longSetRelease(pteAddr, Pte.of(pfn, prot));
      }
      PageLock.unlock(phys, pfn);
    }
    if (!mapped) {
      frames.put(pfn);
    }
  }
}
