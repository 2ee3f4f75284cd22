package org.jmmu.race.migrationwait;

import org.jmmu.lock.PageLock;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Vma;

/**
 * BROKEN: the clean-up patch as posted in April 2010, never merged. An entry for a page that is not
 * locked is taken for one that was left behind, and made to map that page again.
 *
 * <p>That page is the wrong one: no entry has had a reference on it since walk 1, so that it is
 * free, and the fault repeats for ever; or it is somebody else's by now, and two processes share
 * it.
 *
 * @kernel linux-mm, 2010-04-22, "mm,migration: Remove dangling migration ptes pointing to unlocked
 *     pages"
 */
final class MigrationWaitCleanup implements MigrationWaitProtocol {
  @Override
  public int migrationEntryWait(Parts parts, Vma vma, long vaddr, long pteAddr) {
    while (true) {
      PausePoint.reach("migrationEntryWait.begin");
      parts.tables().lock(pteAddr);
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (!MigrationEntry.isMigrationEntry(pteVal)) {
        parts.tables().unlock(pteAddr);
        return 0;
      }
      long pfn = MigrationEntry.pfn(pteVal);
      if (!parts.frames().getUnlessZero(pfn)) {
        parts.tables().unlock(pteAddr);
        return 0;
      }
      if (!PageLock.isLocked(parts.phys(), pfn)) {
        parts.tables().unlock(pteAddr);
        PageLock.lock(parts.phys(), pfn);
        parts.removeMigrationPtes().rmapOne(pfn, vma, vaddr, pfn);
        PageLock.unlock(parts.phys(), pfn);
        parts.frames().put(pfn);
        continue;
      }
      parts.tables().unlock(pteAddr);
      PausePoint.reach("migrationEntryWait.waits");
      PageLock.waitOnLocked(parts.phys(), pfn);
      parts.frames().put(pfn);
      return 0;
    }
  }
}
