package org.jmmu.mm;

import org.jmmu.types.Mm;

/**
 * What the architecture wants to know of user memory that goes. The places are those at which one
 * kernel or another, or a proposal, called; an implementation uses the one that it is about.
 *
 * @kernel arch/x86/include/asm/mmu_context.h:arch_unmap
 */
public interface ArchUnmap {
  /** Linux since 5.6: nobody wants to know. */
  ArchUnmap NONE = new ArchUnmap() {};

  /** Whether {@link #preUnmap} does anything, so that the range is worth finding out. */
  default boolean needsPreparation(Mm mm) {
    return false;
  }

  /** A system call is about to take mmap_lock(W) and to unmap [{@code start}, {@code end}). */
  default void preUnmap(Mm mm, long start, long end) {}

  /** mmap_lock(W) is held, and everything is still mapped. */
  default void arrived(Mm mm, long start, long end) {}

  /** The VMAs are out of the tree; their pages and page tables are still there. */
  default void detached(Mm mm, long start, long end) {}

  /** Nothing is left in the range. */
  default void unmapped(Mm mm, long start, long end) {}

  /**
   * The system call has given up mmap_lock. Called whether it succeeded or not.
   *
   * @throws org.jmmu.types.SegvException if an earlier call sent the signal
   */
  default void postUnmap(Mm mm) {}
}
