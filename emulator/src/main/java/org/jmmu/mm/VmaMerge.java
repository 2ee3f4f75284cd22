package org.jmmu.mm;

import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Lets the neighbours of a range take it over, if they would look just like it. The caller holds
 * mmap_lock(W).
 *
 * @kernel mm/vma.c:vma_merge_existing_range, vma_merge_new_range
 */
final class VmaMerge {
  private final AnonVmas anonVmas;
  private final VmaAdjust vmaAdjust;

  VmaMerge(AnonVmas anonVmas, VmaAdjust vmaAdjust) {
    this.anonVmas = anonVmas;
    this.vmaAdjust = vmaAdjust;
  }

  /**
   * The range is the whole of {@code middle}, its head or its tail, and is about to get other
   * flags.
   *
   * <pre>
   *   P = prev, M = middle, N = next, x = the range
   *   PPPP xxxx NNNN  →  PPPPPPPPPPPP
   *   PPPP xxxx       →  PPPPPPPP
   *        xxxx NNNN  →       MMMMMMMM     next disappears: which of the two is kept shows nowhere
   *   PPPP xxMM       →  PPPPPPMM
   *        MMxx NNNN  →       MMNNNNNN
   * </pre>
   *
   * @return the VMA that covers the range now; null if nothing was merged
   * @throws ErrnoException ENOMEM, with nothing changed
   */
  @Nullable Vma mergeExisting(MergeRange range, Vma middle) {
    boolean leftSide = range.start == middle.vmStartGetOpaque();
    boolean rightSide = range.end == middle.vmEndGetOpaque();
    if ((range.flags & VmFlags.VM_SPECIAL) != 0 || (!leftSide && !rightSide)) {
      return null;
    }
    Vma prev = leftSide ? middle.mm.vmas.prev(middle) : null;
    Vma next = rightSide ? middle.mm.vmas.next(middle) : null;
    boolean left = prev != null && range.canMergeAfter(prev);
    boolean right = next != null && range.canMergeBefore(next);
    if (left && prev != null) {
      boolean both = right && next != null && haveCompatibleAnonVmas(prev, next);
      long end = both && next != null ? next.vmEndGetOpaque() : range.end;
      vmaAdjust.adjust(prev, prev.vmStartGetOpaque(), end, prev.vmPgoffGetOpaque(), null);
      return prev;
    }
    if (!right || next == null) {
      return null;
    }
    if (leftSide) {
      vmaAdjust.adjust(middle, range.start, next.vmEndGetOpaque(), range.pgoff, null);
      return middle;
    }
    long start = middle.vmStartGetOpaque();
    vmaAdjust.adjust(middle, start, range.start, middle.vmPgoffGetOpaque(), null);
    return next;
  }

  /**
   * The range is a hole between {@code prev} and {@code next}.
   *
   * @return the VMA that covers the range now; null if nothing was merged, or if there was no
   *     memory to take an anon_vma over
   * @throws ErrnoException ENOMEM, with nothing changed
   */
  @Nullable Vma mergeNew(MergeRange range, @Nullable Vma prev, @Nullable Vma next) {
    if ((range.flags & VmFlags.VM_SPECIAL) != 0) {
      return null;
    }
    boolean left = prev != null && range.canMergeAfter(prev);
    boolean right = next != null && range.canMergeBefore(next);
    if (left && prev != null) {
      boolean both = right && next != null && haveCompatibleAnonVmas(prev, next);
      long end = both && next != null ? next.vmEndGetOpaque() : range.end;
      Vma goes = both ? next : null;
      return expand(range, prev, prev.vmStartGetOpaque(), end, prev.vmPgoffGetOpaque(), goes);
    }
    return right && next != null
        ? expand(range, next, range.start, next.vmEndGetOpaque(), range.pgoff, null)
        : null;
  }

  /**
   * @param goes the VMA behind the range, if it goes; its pages, and those that are about to be
   *     moved into the range, must be found by walks from {@code target}
   * @kernel mm/vma.c:vma_expand
   */
  private @Nullable Vma expand(
      MergeRange range, Vma target, long start, long end, long pgoff, @Nullable Vma goes) {
    boolean untouched = target.anonVmaGetAcquire() == null;
    target.startWrite();
    try {
      if (goes != null) {
        anonVmas.importChain(target, goes);
      }
      if (range.copiedFrom != null) {
        anonVmas.importChain(target, range.copiedFrom);
      }
    } catch (ErrnoException e) {
      return null; // no harm done: the range becomes a VMA of its own
    }
    try {
      vmaAdjust.adjust(target, start, end, pgoff, null);
    } catch (ErrnoException e) {
      if (untouched) {
        anonVmas.unlink(target);
      }
      throw e;
    }
    return target;
  }

  /** Each goes with the range: do they go with each other? */
  private static boolean haveCompatibleAnonVmas(Vma prev, Vma next) {
    return prev.anonVmaGetAcquire() == null
        || next.anonVmaGetAcquire() == null
        || prev.anonVmaGetAcquire() == next.anonVmaGetAcquire();
  }
}
