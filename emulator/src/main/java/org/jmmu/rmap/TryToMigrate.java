package org.jmmu.rmap;

import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_READ;
import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_READ_EXCLUSIVE;
import static org.jmmu.swap.MigrationEntry.SWP_MIGRATION_WRITE;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.EntryEncoding;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Vma;

/**
 * First walk of a migration: turns every entry that maps the page into a migration entry.
 *
 * @kernel mm/rmap.c:try_to_unmap_one with TTU_MIGRATION, try_to_migrate_one
 */
public final class TryToMigrate implements RmapOne {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageVmaMappedWalk mapped;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final EntryEncoding encoding;

  public TryToMigrate(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      EntryEncoding encoding) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.mapped = new PageVmaMappedWalk(tables);
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.encoding = encoding;
  }

  @Override
  public boolean rmapOne(long pfn, Vma vma, long vaddr, long arg) {
    if (vma.isTemporaryStack()) {
      return true; // the second walk might not find the entry where this one did
    }
    long pteAddr = mapped.lockMapping(vma.mm, vaddr, pfn);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    // Clear, flush, then look at D: a CPU could write through its TLB, and set D, up to the flush.
    long pteVal = Mem.longXchg(pteAddr, 0);
    tlbFlush.page(vma.mm, vaddr, null);
    if (Pte.isDirty(pteVal)) {
      PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
    }
    int type = Pte.isWrite(pteVal) ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ;
    if (pageRmap.isAnonExclusive(pfn)) {
      type = Pte.isWrite(pteVal) ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ_EXCLUSIVE;
      pageRmap.clearAnonExclusive(pfn); // from here on the entry says so
    }
    long entry = encoding.migrationEntry(type, pfn, Pte.isYoung(pteVal), Pte.isDirty(pteVal));
    Mem.longSetRelease(pteAddr, Pte.isUffdWp(pteVal) ? SwapPte.mkUffdWp(entry) : entry);
    pageRmap.remove(pfn);
    tables.unlock(pteAddr);
    frames.put(pfn);
    return PageDesc.mapcountGetAcquire(phys, pfn) > 0;
  }
}
