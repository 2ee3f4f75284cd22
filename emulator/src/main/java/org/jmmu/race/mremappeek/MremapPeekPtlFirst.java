package org.jmmu.race.mremappeek;

import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Vma;

/**
 * BROKEN: Linux 3.1. The walk takes the page-table lock before it looks at an entry, so that it
 * never looks while one is on its way.
 *
 * <p>What it leaves open: the lock is given up between two VMAs. If the VMA that the entry goes to
 * is visited first, the whole move can fall in between. mremap merges what it moves into a VMA that
 * was there before, and such a one may stand anywhere on the list.
 *
 * @kernel 486cf46f3f9b
 */
final class MremapPeekPtlFirst implements MremapPeekProtocol {
  @Override
  public boolean removeMigrationPte(Parts parts, long pfn, Vma vma, long vaddr, long oldPfn) {
    long pteAddr = parts.tables().pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    parts.tables().lock(pteAddr);
    long entry = Mem.longGetOpaque(pteAddr);
    if (MigrationEntry.isMigrationEntry(entry) && MigrationEntry.pfn(entry) == oldPfn) {
      parts.frames().get(pfn);
      parts.pageRmap().add(pfn);
      if (!MigrationEntry.isReadable(entry) && parts.pageRmap().isAnon(pfn)) {
        parts.pageRmap().setAnonExclusive(pfn);
      }
      // Release: whoever maps the page through this entry sees its copied content.
      Mem.longSetRelease(pteAddr, RemoveMigrationPtes.restored(entry, pfn, vma));
    }
    parts.tables().unlock(pteAddr);
    return true;
  }

  @Override
  public void takeRmapLocks(Parts parts, Vma vma, boolean needRmapLocks) {
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeLock(); // against truncation
    }
  }

  @Override
  public void dropRmapLocks(Parts parts, Vma vma, boolean needRmapLocks) {
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeUnlock();
    }
  }
}
