package org.jmmu.race.migrationwait;

import org.jmmu.lock.PageLock;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;

/**
 * Linux 2.6.34 to 4.20: the fault takes a reference on the page and keeps it while it sleeps.
 *
 * <p>An entry for a page that is not locked stops the kernel. Until 2.6.36 there were such entries
 * (variant BUG); from then on this wait was right (variant REF_WAIT), but a migration that meets
 * the waiter's reference fails.
 *
 * @kernel v2.6.34 mm/migrate.c:migration_entry_wait
 */
final class MigrationWaitRef implements MigrationWaitProtocol {
  @Override
  public int migrationEntryWait(Parts parts, Vma vma, long vaddr, long pteAddr) {
    PausePoint.reach("migrationEntryWait.begin");
    parts.tables().lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (!MigrationEntry.isMigrationEntry(pteVal)) {
      parts.tables().unlock(pteAddr);
      return 0;
    }
    long pfn;
    try {
      pfn = MigrationEntry.lockedPfn(parts.phys(), pteVal);
    } catch (KernelBug e) {
      parts.tables().unlock(pteAddr);
      throw e;
    }
    if (!parts.frames().getUnlessZero(pfn)) {
      parts.tables().unlock(pteAddr);
      return 0;
    }
    parts.tables().unlock(pteAddr);
    PausePoint.reach("migrationEntryWait.waits");
    PageLock.waitOnLocked(parts.phys(), pfn);
    parts.frames().put(pfn);
    return 0;
  }
}
