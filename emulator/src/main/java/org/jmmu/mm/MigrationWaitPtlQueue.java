package org.jmmu.mm;

import org.jmmu.lock.PageLock;
import org.jmmu.phys.Mem;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;

/**
 * Merged in 5.18: the fault joins the page's wait queue while it still holds the ptl, and takes no
 * reference on the page.
 *
 * <p>While the ptl is held the entry stands, and while the entry stands the migration is not over,
 * so the page cannot go before this thread is queued. A migration no longer fails because somebody
 * waits for it.
 *
 * @kernel ffa65753c431
 */
public final class MigrationWaitPtlQueue implements MigrationWaitProtocol {
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
    PausePoint.reach("migrationEntryWait.waits");
    PageLock.waitOnLockedDroppingPtl(parts.phys(), pfn, parts.tables().ptl(pteAddr));
    return 0;
  }
}
