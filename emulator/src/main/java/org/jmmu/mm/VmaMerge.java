package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.types.VmaTree;
import org.jspecify.annotations.Nullable;

/**
 * Splits and merges VMAs; every change of a range goes through vma_adjust. The caller holds
 * mmap_lock(W).
 *
 * @kernel mm/mmap.c:vma_merge, split_vma
 */
final class VmaMerge {
  private final AnonVmas anonVmas;

  VmaMerge(AnonVmas anonVmas) {
    this.anonVmas = anonVmas;
  }

  /** Splits at {@code vaddr}; {@code vma} keeps the upper part, the new VMA gets the lower. */
  void splitNewBelow(Vma vma, long vaddr) {
    Vma below = vma.dup(vma.mm);
    below.vmEndSetOpaque(vaddr);
    joinAnonVmas(below, vma);
    long pgoff = vma.linearPageIndex(vaddr);
    adjust(vma, vaddr, vma.vmEndGetOpaque(), pgoff, below);
  }

  /** Splits at {@code vaddr}; {@code vma} keeps the lower part, the new VMA gets the upper. */
  void splitNewAbove(Vma vma, long vaddr) {
    Vma above = vma.dup(vma.mm);
    above.vmPgoffSetOpaque(vma.linearPageIndex(vaddr));
    above.vmStartSetOpaque(vaddr);
    joinAnonVmas(above, vma);
    adjust(vma, vma.vmStartGetOpaque(), vaddr, vma.vmPgoffGetOpaque(), above);
  }

  /**
   * Lets the neighbours of [{@code start}, {@code end}) take the range over, if they would look
   * just like it. The range is a hole, or (mprotect) the whole of a VMA, or one end of {@code
   * prev}.
   *
   * <pre>
   *   P = prev, N = next, A = the range          which neighbour changes
   *   PPPP AAAA NNNN  →  PPPPPPPPPPPP            1, 6: prev takes the range and next
   *   PPPP AAAA       →  PPPPPPPP                2, 5, 7: prev takes the range
   *        AAAA NNNN  →       NNNNNNNN           3, 8: next takes the range
   *   PPPPAAAA NNNN   →  PPPPNNNNNNNN            4: the range is the tail of prev
   * </pre>
   *
   * @param prev the last VMA that starts below {@code start}; null if there is none
   * @param anonVma of the range's pages, if any
   * @return the VMA that covers the range now; null if nothing was merged
   */
  @Nullable Vma merge(
      Mm mm,
      @Nullable Vma prev,
      long start,
      long end,
      long flags,
      @Nullable AnonVma anonVma,
      long pgoff) {
    Vma area = prev != null ? mm.vmas.next(prev) : mm.vmas.find(0);
    Vma next = area;
    if (next != null && next.vmEndGetOpaque() == end) {
      next = mm.vmas.next(next); // the range is all of area: the candidate is the one behind it
    }
    long pgoffEnd = pgoff + ((end - start) >> PAGE_SHIFT);
    boolean beforeNext =
        next != null
            && next.vmStartGetOpaque() == end
            && next.vmPgoffGetOpaque() == pgoffEnd
            && isMergeable(next, flags, anonVma);

    if (prev != null
        && prev.vmEndGetOpaque() == start
        && prev.linearPageIndex(start) == pgoff
        && isMergeable(prev, flags, anonVma)) {
      long newEnd = end;
      if (beforeNext && next != null && isMergeable(next, flags, prev.anonVmaGetAcquire())) {
        newEnd = next.vmEndGetOpaque();
      }
      adjust(prev, prev.vmStartGetOpaque(), newEnd, prev.vmPgoffGetOpaque(), null);
      return prev;
    }
    if (!beforeNext || next == null || area == null) {
      return null;
    }
    if (prev != null && start < prev.vmEndGetOpaque()) {
      adjust(prev, prev.vmStartGetOpaque(), start, prev.vmPgoffGetOpaque(), null);
    } else {
      adjust(area, start, next.vmEndGetOpaque(), pgoff, null);
    }
    return area;
  }

  /** The protocol moves boundaries of the VMA and of the one behind it in place. */
  private void adjust(Vma vma, long start, long end, long pgoff, @Nullable Vma insert) {
    anonVmas.protocol().vmaAdjust(anonVmas, vma, start, end, pgoff, insert);
    VmaTree vmas = vma.mm.vmas;
    vmas.rangeChanged(vma);
    Vma next = vmas.next(vma);
    if (next != null) {
      vmas.rangeChanged(next);
    }
  }

  private void joinAnonVmas(Vma half, Vma vma) {
    anonVmas.cloneChain(half, vma);
    half.anonVmaSetRelease(vma.anonVmaGetAcquire());
  }

  private static boolean isMergeable(Vma vma, long flags, @Nullable AnonVma anonVma) {
    AnonVma other = vma.anonVmaGetAcquire();
    return vma.vmFlagsGetOpaque() == flags
        && (other == null || anonVma == null || other == anonVma);
  }
}
