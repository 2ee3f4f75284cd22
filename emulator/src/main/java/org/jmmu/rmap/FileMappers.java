package org.jmmu.rmap;

import org.jmmu.alloc.Frames;
import org.jmmu.filemap.FolioMappers;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;

/** What page caches ask of those who map their pages: walks over the file's VMAs. */
public final class FileMappers implements FolioMappers {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageVmaMappedWalk mapped;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;

  public FileMappers(
      PhysMemory phys, Frames frames, PageTables tables, TlbFlush tlbFlush, PageRmap pageRmap) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.mapped = new PageVmaMappedWalk(tables);
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
  }

  @Override
  public void unmapFolio(AddressSpace mapping, long index, long pfn) {
    FileRmapWalk.walk(mapping, index, pfn, this::unmapOne, 0);
  }

  @Override
  public boolean mkclean(AddressSpace mapping, long index, long pfn) {
    CleanedEntries cleaned = new CleanedEntries();
    FileRmapWalk.walk(mapping, index, pfn, cleaned, 0);
    return cleaned.count > 0;
  }

  private boolean unmapOne(long pfn, Vma vma, long vaddr, long arg) {
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr != PageTables.NONE) {
      long pteVal = Mem.longXchg(pteAddr, 0);
      tlbFlush.page(vma.mm, vaddr, null);
      if (Pte.isDirty(pteVal)) {
        PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
      }
      pageRmap.remove(pfn);
      tables.unlock(pteAddr);
      frames.put(pfn);
    }
    return true;
  }

  /**
   * @kernel mm/rmap.c:page_mkclean_one
   */
  private final class CleanedEntries implements RmapOne {
    int count;

    @Override
    public boolean rmapOne(long pfn, Vma vma, long vaddr, long arg) {
      long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
      if (pteAddr != PageTables.NONE) {
        long pteVal = Mem.longGetOpaque(pteAddr);
        if (Pte.isDirty(pteVal) || Pte.isWrite(pteVal)) {
          // Out of the word and out of the TLBs, before its D bit is believed.
          long old = Mem.longXchg(pteAddr, 0);
          tlbFlush.page(vma.mm, vaddr, null);
          Mem.longSetRelease(pteAddr, Pte.mkClean(Pte.wrProtect(old)));
          count += Pte.isDirty(old) ? 1 : 0;
        }
        tables.unlock(pteAddr);
      }
      return true;
    }
  }
}
