package org.jmmu.lock;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * mmap_lock of one address space. It counts its writers, so that each can lock any number of VMAs
 * for itself and unlock all of them at once, by going: see {@link VmaLock}.
 *
 * @kernel include/linux/mmap_lock.h:mmap_write_lock, vma_end_write_all
 */
public final class MmapLock extends RwSem {
  private static final VarHandle SEQ =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "seq", VarHandle.class, MmapLock.class, int.class);

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int seq; // mm_lock_seq: odd while a writer holds the lock; written by that writer

  public MmapLock() {
    super(LockClass.MMAP_LOCK);
  }

  int seqGetAcquire() {
    return (int) SEQ.getAcquire(this);
  }

  @Override
  protected void writeBegin() {
    SEQ.setOpaque(this, seq + 1);
  }

  @Override
  protected void writeEnd() {
    // Release: who sees the new number, and takes the VMA for unlocked, sees what was written to
    // it.
    SEQ.setRelease(this, seq + 1);
  }
}
