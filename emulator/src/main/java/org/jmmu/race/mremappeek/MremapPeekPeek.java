package org.jmmu.race.mremappeek;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.MremapPeekProtocol;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Vma;

/**
 * BROKEN: Linux 2.6.34 to 3.0. The walk looks at an entry without the page-table lock, and takes
 * the lock only for one that is neither empty nor present.
 *
 * <p>mremap clears the old entry before it sets the new one: for an instant the walk can look at
 * both, in either order, and find nothing in either.
 *
 * @kernel v2.6.34 mm/migrate.c:remove_migration_pte
 */
final class MremapPeekPeek implements MremapPeekProtocol {
  @Override
  public boolean removeMigrationPte(Parts parts, long pfn, Vma vma, long vaddr, long oldPfn) {
    long pteAddr = parts.tables().pteOffset(vma.mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return true;
    }
    long peeked = Mem.longGetOpaque(pteAddr);
    PausePoint.reach("removeMigrationPte.peeked");
    if (peeked == 0 || Pte.isPresent(peeked)) {
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
