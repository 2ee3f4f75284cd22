package org.jmmu.lock;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.phys.CacheLines;

/**
 * The per-VMA lock: lets a fault hold one VMA still without touching mmap_lock.
 *
 * <p>Readers count themselves in {@code refcnt}. A writer holds mmap_lock for writing; it bars new
 * readers, waits for those inside, and notes the number of its mmap_lock section in the VMA. That
 * note, not {@code refcnt}, is what keeps readers out from then on: it is void as soon as the
 * section ends, so nobody has to visit the VMAs to unlock them.
 *
 * <pre>
 *   refcnt    0               no VMA of any address space: not inserted yet, or removed
 *             1               attached, no reader
 *             1 + n           n readers
 *             BARRED + 1 + n  a writer waits for n readers
 * </pre>
 *
 * @kernel include/linux/mmap_lock.h:vma_start_read, vma_start_write, mm/mmap_lock.c
 */
public final class VmaLock extends CacheLines {
  private static final VarHandle REFCNT = handle("refcnt");
  private static final VarHandle LOCK_SEQ = handle("lockSeq");

  private static final int BARRED = 1 << 30;

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int refcnt; // atomic

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int lockSeq = -1; // of the last section that locked it; written with mmap_lock(W)

  /**
   * Locks for reading, unless that would mean waiting: then the caller has to take mmap_lock.
   * Afterwards it must ask whether the VMA still covers its address.
   */
  public boolean startRead(MmapLock mmapLock) {
    LockClass.VMA_LOCK.reachLock();
    // Saves the atomic operations while a writer is at it; what decides is the second look below.
    if (isWriteLocked(mmapLock)) {
      return false;
    }
    int count;
    do {
      count = (int) REFCNT.getOpaque(this);
      if (count == 0 || count >= BARRED) {
        return false;
      }
    } while (!REFCNT.compareAndSet(this, count, count + 1));
    // A writer that noted its number before this reader was counted did not wait for it.
    if (isWriteLocked(mmapLock)) {
      leave();
      return false;
    }
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.willLock(LockClass.VMA_LOCK, 0, this, 0);
      LockOrderChecker.locked(LockClass.VMA_LOCK, 0, this, 0);
    }
    return true;
  }

  public void endRead() {
    if (LockOrderChecker.ENABLED) {
      LockOrderChecker.unlocked(LockClass.VMA_LOCK, this, 0);
    }
    leave();
    LockClass.VMA_LOCK.reachUnlock();
  }

  /**
   * Locks for writing, until the caller ends its mmap_lock section. To be called before the VMA or
   * its pages are changed; again in the same section it costs next to nothing.
   */
  public void startWrite(MmapLock mmapLock) {
    if (isWriteLocked(mmapLock)) {
      return;
    }
    LockClass.VMA_LOCK.reachLock();
    boolean attached = (int) REFCNT.getOpaque(this) != 0;
    if (attached) {
      if (LockOrderChecker.ENABLED) {
        LockOrderChecker.willLock(LockClass.VMA_LOCK, 0, this, 0);
      }
      bar(1);
    }
    LOCK_SEQ.setVolatile(this, mmapLock.seqGetAcquire());
    if (attached) {
      int _ = (int) REFCNT.getAndAdd(this, -BARRED);
    }
  }

  /** The VMA is about to be found by faults. Idempotent; the caller holds mmap_lock(W). */
  public void attach() {
    boolean _ = REFCNT.compareAndSet(this, 0, 1);
  }

  /**
   * The VMA is found no more: refuses readers from now on, and waits for those inside. The caller
   * holds mmap_lock(W).
   */
  public void detach() {
    if ((int) REFCNT.getOpaque(this) != 0 && !REFCNT.compareAndSet(this, 1, 0)) {
      bar(1);
      REFCNT.setVolatile(this, 0);
    }
  }

  /** For assertions: whether no fault can be inside, by what the caller has locked, or at all. */
  public boolean isWriteLockedOrDetached(MmapLock mmapLock) {
    return isWriteLocked(mmapLock) || (int) REFCNT.getOpaque(this) == 0;
  }

  /** For oracles: whether a fault holds the lock. */
  public boolean isReadLocked() {
    return (int) REFCNT.getOpaque(this) > 1;
  }

  private boolean isWriteLocked(MmapLock mmapLock) {
    return (int) LOCK_SEQ.getOpaque(this) == mmapLock.seqGetAcquire();
  }

  private void bar(int remaining) {
    int _ = (int) REFCNT.getAndAdd(this, BARRED);
    if ((int) REFCNT.getAcquire(this) == BARRED + remaining) {
      return;
    }
    LockWait wait = LockWait.begin(LockClass.VMA_LOCK.name(), this);
    try {
      do {
        wait.pause();
      } while ((int) REFCNT.getAcquire(this) != BARRED + remaining);
    } finally {
      wait.end();
    }
  }

  private void leave() {
    int _ = (int) REFCNT.getAndAdd(this, -1);
  }

  @Override
  public String toString() {
    return HeldLock.name(LockClass.VMA_LOCK, this, 0) + " (" + refcnt + ")";
  }

  private static VarHandle handle(String field) {
    return ConstantBootstraps.fieldVarHandle(
        MethodHandles.lookup(), field, VarHandle.class, VmaLock.class, int.class);
  }
}
