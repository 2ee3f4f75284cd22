package org.jmmu.lock;

import org.jmmu.lock.PageWaitQueue.Waiter;
import org.jmmu.lock.PageWaitQueue.Wants;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;

/**
 * The page lock: bit PG_LOCKED of the frame's flags. Waiters are parked in a {@link PageWaitQueue};
 * PG_WAITERS tells the unlocker that there may be some.
 *
 * @kernel include/linux/pagemap.h:folio_lock
 */
public final class PageLock {
  private static final int SPINS = 100;
  private static final int SPINS_BEFORE_SLEEP = 500;

  private PageLock() {}

  public static void lock(PhysMemory phys, long pfn) {
    LockClass.PAGE_LOCK.reachLock();
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(classOf(phys, pfn), 0, phys, pfn);
    }
    if (!trySetLocked(phys, pfn)) {
      lockSlow(phys, pfn);
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(classOf(phys, pfn), 0, phys, pfn);
    }
  }

  /**
   * @kernel include/linux/pagemap.h:folio_trylock
   */
  public static boolean tryLock(PhysMemory phys, long pfn) {
    LockClass.PAGE_LOCK.reachLock();
    if (!trySetLocked(phys, pfn)) {
      return false;
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.locked(classOf(phys, pfn), 0, phys, pfn);
    }
    return true;
  }

  /**
   * @throws IllegalStateException if the page is not locked; while the lock order is checked, also
   *     if another thread locked it
   * @kernel mm/filemap.c:folio_unlock
   */
  public static void unlock(PhysMemory phys, long pfn) {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(classOf(phys, pfn), phys, pfn);
    }
    unlockUnrecorded(phys, pfn);
    LockClass.PAGE_LOCK.reachUnlock();
  }

  public static boolean isLocked(PhysMemory phys, long pfn) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_LOCKED) != 0;
  }

  /**
   * Waits until the page has been unlocked. When this returns it may be locked again. The caller
   * holds a reference to the page.
   *
   * @kernel include/linux/pagemap.h:folio_wait_locked
   */
  public static void waitOnLocked(PhysMemory phys, long pfn) {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(classOf(phys, pfn), 0, phys, pfn);
    }
    if (isLocked(phys, pfn)) {
      Waiter waiter = new Waiter(phys, pfn, Wants.UNLOCKED);
      if (PageWaitQueue.of(phys, pfn).add(waiter)) {
        await(waiter, phys, pfn);
      }
    }
  }

  /**
   * Waits as {@link #waitOnLocked} does, but needs no reference: the page-table lock, held on entry
   * and released here, keeps the page in place. The migration entry that led here can be removed
   * only under that lock, and the migration drops its own reference after that; so the page is
   * there until the calling thread is in the queue, and afterwards this does not look at it again.
   *
   * @param ptlAddr word of the {@link SpinLock} of class PTL that the caller holds
   * @kernel mm/filemap.c:migration_entry_wait_on_locked
   */
  public static void waitOnLockedDroppingPtl(PhysMemory phys, long pfn, long ptlAddr) {
    Waiter waiter = new Waiter(phys, pfn, Wants.UNLOCKED);
    boolean queued = PageWaitQueue.of(phys, pfn).add(waiter);
    SpinLock.unlock(ptlAddr, LockClass.PTL);
    if (queued) {
      await(waiter, phys, pfn);
    }
  }

  /**
   * Waits as {@link #waitOnLocked} does, but runs {@code put}, which drops the caller's reference,
   * before it sleeps: once the calling thread is in the queue it does not look at the page again.
   *
   * @kernel mm/filemap.c:put_and_wait_on_page_locked
   */
  public static void putAndWaitOnLocked(PhysMemory phys, long pfn, Runnable put) {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(classOf(phys, pfn), 0, phys, pfn);
    }
    Waiter waiter = new Waiter(phys, pfn, Wants.UNLOCKED);
    boolean queued = PageWaitQueue.of(phys, pfn).add(waiter);
    put.run();
    if (queued) {
      await(waiter, phys, pfn);
    }
  }

  private static void lockSlow(PhysMemory phys, long pfn) {
    for (int i = 0; i < SPINS; i++) {
      Thread.onSpinWait();
      if (!isLocked(phys, pfn) && trySetLocked(phys, pfn)) {
        return;
      }
    }
    Waiter waiter = new Waiter(phys, pfn, Wants.LOCK);
    if (PageWaitQueue.of(phys, pfn).add(waiter)) {
      await(waiter, phys, pfn);
    }
  }

  private static void await(Waiter waiter, PhysMemory phys, long pfn) {
    // A migration takes about as long as it takes to fall asleep and to be woken.
    for (int i = 0; i < SPINS_BEFORE_SLEEP; i++) {
      if (waiter.isWoken()) {
        return;
      }
      Thread.onSpinWait();
    }
    LockWait wait = LockWait.begin(name(pfn), new Page(phys, pfn));
    boolean gotIt = false;
    try {
      while (waiter.mustSleep()) {
        wait.park();
      }
      gotIt = true;
    } finally {
      // Not "unless woken": the wake-up may come while an exception is on its way out of here.
      if (!gotIt) {
        giveUp(waiter, phys, pfn);
      }
      wait.end();
    }
  }

  /** An exception ends the wait: a lock that was handed over just now would never be released. */
  private static void giveUp(Waiter waiter, PhysMemory phys, long pfn) {
    boolean removed = PageWaitQueue.of(phys, pfn).remove(waiter);
    if (!removed && waiter.wantsLock()) {
      unlockUnrecorded(phys, pfn);
    }
  }

  private static void unlockUnrecorded(PhysMemory phys, long pfn) {
    long before = PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_LOCKED);
    if ((before & PageFlags.PG_LOCKED) == 0) {
      throw new IllegalStateException(name(pfn) + " released, but it is not locked");
    }
    if ((before & PageFlags.PG_WAITERS) != 0) {
      PageWaitQueue.of(phys, pfn).wake(phys, pfn);
    }
  }

  static boolean trySetLocked(PhysMemory phys, long pfn) {
    return (PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_LOCKED) & PageFlags.PG_LOCKED) == 0;
  }

  /** Only for the checker. Huge pages have an order of their own. */
  private static LockClass classOf(PhysMemory phys, long pfn) {
    return PageDesc.typeGetOpaque(phys, pfn) == FrameType.HUGETLB
        ? LockClass.HUGETLB_PAGE_LOCK
        : LockClass.PAGE_LOCK;
  }

  static String name(long pfn) {
    return LockClass.PAGE_LOCK + "(pfn " + pfn + ")";
  }

  /** Names the lock in messages. */
  private record Page(PhysMemory phys, long pfn) {
    @Override
    public String toString() {
      return name(pfn) + (isLocked(phys, pfn) ? " (locked)" : " (free)");
    }
  }
}
