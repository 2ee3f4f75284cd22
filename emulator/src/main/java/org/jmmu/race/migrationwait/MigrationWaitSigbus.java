package org.jmmu.race.migrationwait;

import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;

import org.jmmu.lock.PageLock;
import org.jmmu.mm.MigrationWaitProtocol;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Vma;

/**
 * BROKEN: a debugging patch of April 2010. A fault on an entry for a page that is not locked ends
 * with SIGBUS, where 2.6.34 stops the kernel.
 *
 * <p>One process dies instead of the machine, no page is given away, and the entry can still be
 * looked at. But the process that dies did nothing wrong, and its page is lost.
 *
 * @kernel linux-mm, 2010-04-22, in the thread of "mm,migration: Allow the migration of
 *     PageSwapCache pages"
 */
final class MigrationWaitSigbus implements MigrationWaitProtocol {
  @Override
  public int migrationEntryWait(Parts parts, Vma vma, long vaddr, long pteAddr) {
    PausePoint.reach("migrationEntryWait.begin");
    parts.tables().lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    if (!MigrationEntry.isMigrationEntry(pteVal)) {
      parts.tables().unlock(pteAddr);
      return 0;
    }
    long pfn = MigrationEntry.pfn(pteVal);
    if (!PageLock.isLocked(parts.phys(), pfn)) {
      parts.tables().unlock(pteAddr);
      return VM_FAULT_SIGBUS;
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
