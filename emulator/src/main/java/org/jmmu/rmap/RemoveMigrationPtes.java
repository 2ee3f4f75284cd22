package org.jmmu.rmap;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Vma;

/**
 * Second walk of a migration: makes every migration entry for the old frame map the new one. An
 * entry that this walk does not find stays behind: a dangling migration entry.
 *
 * <p>The walk's page is the new one, its {@code arg} the old frame; the two are equal when a
 * migration is undone.
 *
 * @kernel mm/migrate.c:remove_migration_pte
 */
public final class RemoveMigrationPtes implements RmapOne {
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;

  public RemoveMigrationPtes(Frames frames, PageTables tables, PageRmap pageRmap) {
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
  }

  @Override
  public boolean rmapOne(long pfn, Vma vma, long vaddr, long oldPfn) {
    long pteAddr = tables.pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    tables.lock(pteAddr);
    long entry = Mem.longGetOpaque(pteAddr);
    if (MigrationEntry.isMigrationEntry(entry) && MigrationEntry.pfn(entry) == oldPfn) {
      frames.get(pfn);
      pageRmap.add(pfn);
      if (!MigrationEntry.isReadable(entry) && pageRmap.isAnon(pfn)) {
        pageRmap.setAnonExclusive(pfn);
      }
      // Release: whoever maps the page through this entry sees its copied content.
      Mem.longSetRelease(pteAddr, restored(entry, pfn, vma));
    }
    tables.unlock(pteAddr);
    return true;
  }

  private static long restored(long entry, long pfn, Vma vma) {
    long pteVal = Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque()));
    if (MigrationEntry.isWritable(entry)) {
      pteVal = Pte.mkWrite(pteVal);
    }
    if (MigrationEntry.isYoung(entry)) {
      pteVal = Pte.mkYoung(pteVal);
    }
    return MigrationEntry.isDirty(entry) ? Pte.mkDirty(pteVal) : pteVal;
  }
}
