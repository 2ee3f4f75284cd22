package org.jmmu.types;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jspecify.annotations.Nullable;

/**
 * What an address space knows of its bounds directory.
 *
 * @kernel arch/x86/include/asm/mmu.h:mm_context_t (bd_addr)
 */
public final class MpxContext {
  /** The kernel does not manage bounds tables for this address space. */
  public static final long NO_DIRECTORY = -1;

  /** Taken by the protocol of the thread of 2014 only, outside mmap_lock. */
  public final RwSem bdSem = new RwSem(LockClass.BD_SEM);

  /** Tables taken out of the directory, and not unmapped yet; guarded by bd_sem(W). */
  public final List<Long> doomed = new ArrayList<>(0);

  /** Slices of tables that stay, {start, end} of the data; guarded by bd_sem(W). */
  public final List<long[]> toZap = new ArrayList<>(0);

  /** Who holds bd_sem(W) for an unmapping; guarded by it. */
  public volatile @Nullable Thread unmapper;

  /** Who gets a SIGSEGV once it has given up mmap_lock: its directory made no sense. */
  public volatile @Nullable Thread convict;

  /** 32-bit code, with smaller tables; written before a directory is named. */
  public volatile boolean is32Bit;

  /** Address of the directory; guarded by mmap_lock, looked at without it. */
  public volatile long bdAddr = NO_DIRECTORY;

  /** Whether the calling thread holds bd_sem(W) for an unmapping. */
  public boolean isUnmapper() {
    return Thread.currentThread().equals(unmapper);
  }

  /** Whether the calling thread is to get a SIGSEGV. */
  public boolean isConvict() {
    return Thread.currentThread().equals(convict);
  }

  public boolean isManaged() {
    return bdAddr != NO_DIRECTORY;
  }

  /** A child has its parent's directory at the same place. */
  public void inherit(MpxContext parent) {
    is32Bit = parent.is32Bit;
    bdAddr = parent.bdAddr;
  }
}
