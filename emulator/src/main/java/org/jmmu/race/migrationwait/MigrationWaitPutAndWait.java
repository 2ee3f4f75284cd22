package org.jmmu.race.migrationwait;

import org.jmmu.lock.PageLock;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;

/**
 * Linux 5.0 to 5.17: the fault takes a reference on the page, joins its wait queue, and drops the
 * reference before it sleeps.
 *
 * <p>A sleeping waiter no longer makes the migration fail. One that has not queued yet still does.
 *
 * @kernel 9a1ea439b16b
 */
final class MigrationWaitPutAndWait implements MigrationWaitProtocol {
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
    PageLock.putAndWaitOnLocked(parts.phys(), pfn, () -> parts.frames().put(pfn));
    return 0;
  }
}
