package org.jmmu.rmap;

import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Vma;

/**
 * Merged in 3.7: a move of entries to a VMA that a reverse-map walk may visit before the one they
 * come from excludes such walks.
 *
 * <p>Where a walk visits the source first no lock is needed: it comes early enough for one of the
 * two. Cost: moves into a VMA that was there before wait for walks, and walks for them.
 *
 * @kernel 108d6642ad81 38a76013ad80
 */
public final class MremapPeekRmapLocks implements MremapPeekProtocol {
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
    if (!needRmapLocks) {
      return;
    }
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeLock();
    }
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null) {
      parts.anonVmas().protocol().anonVmaLock(anonVma);
    }
  }

  @Override
  public void dropRmapLocks(Parts parts, Vma vma, boolean needRmapLocks) {
    if (!needRmapLocks) {
      return;
    }
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null) {
      parts.anonVmas().protocol().anonVmaUnlock(anonVma);
    }
    if (vma.file != null) {
      vma.file.mapping.iMmapRwsem.writeUnlock();
    }
  }
}
