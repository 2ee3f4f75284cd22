package org.jmmu.lock;

import static org.jmmu.phys.PageFlags.PG_LOCKED;
import static org.jmmu.phys.PageFlags.PG_WAITERS;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;

/**
 * The PG_locked bit of a page. Waiters park; PG_waiters tells the unlocker that there may be some.
 *
 * <pre>
 *   waiter                                unlocker
 *   ------                                --------
 *   take the bucket
 *   set PG_waiters, read PG_locked        clear PG_locked, read PG_waiters   (one atomic each)
 *   locked: park (gives the bucket up)    set: take the bucket, wake all
 * </pre>
 *
 * Either the waiter sees the page unlocked, or the unlocker sees PG_waiters and cannot wake before
 * the waiter is parked: no wake-up is lost.
 *
 * @kernel mm/filemap.c:folio_lock, folio_unlock
 */
public final class PageLock {
  private static final String NAME = LockClass.PAGE_LOCK.toString();

  private PageLock() {}

  /**
   * @throws DeadlockException if the deadline passes
   */
  public static void lock(PhysMemory phys, long pfn) {
    if (LockOrderChecker.ON) {
      LockOrderChecker.acquire(LockClass.PAGE_LOCK, key(phys, pfn), 0);
    }
    if (setLocked(phys, pfn)) {
      return;
    }
    while (PausePoint.blocked(NAME)) {
      if (setLocked(phys, pfn)) {
        return;
      }
    }
    try {
      PageWaitQueue.of(phys, pfn).await(phys, pfn, () -> setLocked(phys, pfn), () -> {});
    } catch (DeadlockException e) {
      if (LockOrderChecker.ON) {
        LockOrderChecker.release(LockClass.PAGE_LOCK, key(phys, pfn));
      }
      throw e;
    }
  }

  public static boolean tryLock(PhysMemory phys, long pfn) {
    boolean locked = setLocked(phys, pfn);
    if (locked && LockOrderChecker.ON) {
      LockOrderChecker.acquired(LockClass.PAGE_LOCK, key(phys, pfn), 0);
    }
    return locked;
  }

  /**
   * @throws IllegalStateException if the page is not locked
   */
  public static void unlock(PhysMemory phys, long pfn) {
    if (LockOrderChecker.ON) {
      LockOrderChecker.release(LockClass.PAGE_LOCK, key(phys, pfn));
    }
    long flags = PageDesc.flagsGetAndClear(phys, pfn, PG_LOCKED);
    if ((flags & PG_LOCKED) == 0) {
      throw new IllegalStateException("page " + pfn + " unlocked but not locked");
    }
    if ((flags & PG_WAITERS) != 0) {
      PageWaitQueue.of(phys, pfn).wakeAll(phys, pfn);
    }
  }

  public static boolean isLocked(PhysMemory phys, long pfn) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PG_LOCKED) != 0;
  }

  /**
   * Waits until the page is unlocked, without a reference on it: queues the caller while the
   * spinlock at {@code ptlAddr} is held, then releases that, then sleeps. The page may be freed and
   * locked by another owner meanwhile; the caller looks again in any case.
   *
   * @param ptlAddr address of a held lock of class PTL
   * @throws DeadlockException if the deadline passes; the spinlock is released then, too
   * @kernel mm/filemap.c:migration_entry_wait_on_locked
   */
  public static void waitOnLockedDroppingPtl(PhysMemory phys, long pfn, long ptlAddr) {
    if (PausePoint.isStepped()) {
      SpinLock.unlock(ptlAddr, LockClass.PTL);
      while (isLocked(phys, pfn)) {
        boolean _ = PausePoint.blocked(NAME);
      }
      return;
    }
    PageWaitQueue.of(phys, pfn)
        .await(
            phys, pfn, () -> !isLocked(phys, pfn), () -> SpinLock.unlock(ptlAddr, LockClass.PTL));
  }

  private static boolean setLocked(PhysMemory phys, long pfn) {
    // Look first: a failing atomic would take the cache line from the holder.
    return !isLocked(phys, pfn) && (PageDesc.flagsGetAndOr(phys, pfn, PG_LOCKED) & PG_LOCKED) == 0;
  }

  private static long key(PhysMemory phys, long pfn) {
    return PageDesc.ptlAddr(phys, pfn); // unique in the JVM, whatever machine the page is of
  }
}
