package org.jmmu.mpx;

import org.jmmu.mm.UserAccess;
import org.jmmu.types.Mm;

/**
 * Seam of race mpx-unmap: when the tables of memory that is unmapped are taken out of the directory
 * and freed, and how the directory is read at that time. Called for address spaces with managed
 * tables only, at the places of {@link org.jmmu.mm.ArchUnmap}.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface MpxUnmapProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(UserAccess user, BoundsTables tables) {}

  /** Whether the kernel has MPX at all. */
  default boolean exists() {
    return true;
  }

  /** Whether {@link #preUnmap} does anything. */
  default boolean needsPreparation() {
    return false;
  }

  /** No lock is held, and mmap_lock(W) is about to be taken. */
  default void preUnmap(Parts parts, Mm mm, long start, long end) {}

  /** mmap_lock(W) is held, everything is still mapped. */
  default void arrived(Parts parts, Mm mm, long start, long end) {}

  /** mmap_lock(W) is held, the VMAs are out of the tree, their pages are still there. */
  default void detached(Parts parts, Mm mm, long start, long end) {}

  /** mmap_lock(W) is held, nothing is left in the range. */
  default void unmapped(Parts parts, Mm mm, long start, long end) {}

  /** mmap_lock has been given up. */
  default void postUnmap(Parts parts, Mm mm) {}

  /** A table is about to be allocated; no lock is held. */
  default void allocBegin(Mm mm) {}

  default void allocEnd(Mm mm) {}

  /** prctl is about to change whether tables are managed; no lock is held. */
  default void prctlBegin(Mm mm) {}

  default void prctlEnd(Mm mm) {}
}
