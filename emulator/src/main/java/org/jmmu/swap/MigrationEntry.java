package org.jmmu.swap;

import org.jmmu.lock.PageLock;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;

/**
 * A page-table word that stands in for a page on the move: whoever faults on it waits until the
 * page is unlocked. Invariant: while such a word exists, its frame is locked and a migration of it
 * is under way.
 *
 * <p>The offset of the {@link SwapPte} holds the frame number in its low 34 bits, then YOUNG, then
 * DIRTY, so that the page's accessed and dirty state survives the move.
 *
 * @kernel include/linux/swapops.h:make_readable_migration_entry
 */
public final class MigrationEntry {
  /** Read-only, and perhaps shared between processes. */
  public static final int SWP_MIGRATION_READ = 25;

  /** Read-only, and of one process alone. */
  public static final int SWP_MIGRATION_READ_EXCLUSIVE = 26;

  /** Writable, hence of one process alone. */
  public static final int SWP_MIGRATION_WRITE = 27;

  /** As {@link #SWP_MIGRATION_READ} in the encoding before 4.19, which knew no exclusive pages. */
  static final int LOW_MIGRATION_READ = 30;

  /** As {@link #SWP_MIGRATION_WRITE} in the encoding before 4.19. */
  static final int LOW_MIGRATION_WRITE = 31;

  private static final int PFN_BITS = 34; // MAX_PHYSMEM_BITS (46) - PAGE_SHIFT
  private static final long PFN_MASK = (1L << PFN_BITS) - 1;
  private static final long YOUNG = 1L << PFN_BITS;
  private static final long DIRTY = YOUNG << 1;

  private MigrationEntry() {}

  public static long of(int type, long pfn, boolean young, boolean dirty) {
    return SwapPte.of(type, pfn | (young ? YOUNG : 0) | (dirty ? DIRTY : 0));
  }

  public static boolean isMigrationEntry(long pteVal) {
    if (!SwapPte.isSwapPte(pteVal)) {
      return false;
    }
    int type = SwapPte.type(pteVal);
    return SwapPte.isLowType(pteVal)
        ? type >= LOW_MIGRATION_READ
        : type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE;
  }

  public static boolean isWritable(long pteVal) {
    return SwapPte.type(pteVal)
        == (SwapPte.isLowType(pteVal) ? LOW_MIGRATION_WRITE : SWP_MIGRATION_WRITE);
  }

  /** Whether the page may be shared: neither writable nor exclusive. */
  public static boolean isReadable(long pteVal) {
    return SwapPte.type(pteVal)
        == (SwapPte.isLowType(pteVal) ? LOW_MIGRATION_READ : SWP_MIGRATION_READ);
  }

  public static long pfn(long pteVal) {
    return SwapPte.offset(pteVal) & PFN_MASK;
  }

  /**
   * The frame of an entry that stands in a page table, whose ptl the caller holds.
   *
   * @throws KernelBug if the frame is not locked: the migration is over, the entry was left behind
   * @kernel include/linux/swapops.h:migration_entry_to_page
   */
  public static long lockedPfn(PhysMemory phys, long pteVal) {
    long pfn = pfn(pteVal);
    if (!phys.containsPfn(pfn) || !PageLock.isLocked(phys, pfn)) {
      throw new KernelBug("migration entry for frame " + pfn + ", which is not locked");
    }
    return pfn;
  }

  public static boolean isYoung(long pteVal) {
    return (SwapPte.offset(pteVal) & YOUNG) != 0;
  }

  public static boolean isDirty(long pteVal) {
    return (SwapPte.offset(pteVal) & DIRTY) != 0;
  }

  /** The same entry for a page that others may have now, as after fork. */
  public static long toReadable(long pteVal) {
    return ofType(SWP_MIGRATION_READ, pteVal);
  }

  /** A writable entry with write access taken away, as by mprotect. */
  public static long toReadableExclusive(long pteVal) {
    return ofType(SWP_MIGRATION_READ_EXCLUSIVE, pteVal);
  }

  private static long ofType(int type, long pteVal) {
    if (SwapPte.isLowType(pteVal)) {
      return SwapPte.ofLowType(LOW_MIGRATION_READ, SwapPte.offset(pteVal));
    }
    long changed = SwapPte.of(type, SwapPte.offset(pteVal));
    return SwapPte.isUffdWp(pteVal) ? SwapPte.mkUffdWp(changed) : changed;
  }
}
