package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.types.AnonVma;
import org.jmmu.types.MappedFile;
import org.jmmu.types.VmFlags;
import org.jmmu.types.VmUserfaultfdCtx;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * A range of addresses as it is to look, and the rules by which a VMA beside it may take it over.
 *
 * @kernel mm/vma.h:struct vma_merge_struct
 */
final class MergeRange {
  final long start;
  final long end;
  final long flags;
  final long pgoff;
  final @Nullable MappedFile file;

  /** Of the pages that are in the range or are to come there. */
  private final @Nullable AnonVma anonVma;

  /** Whose pages are in the range; null for a hole. */
  private final @Nullable Vma middle;

  /** Whose pages are about to be moved here (mremap); null for anything else. */
  final @Nullable Vma copiedFrom;

  /** What it is to be registered with. */
  private final @Nullable VmUserfaultfdCtx ctx;

  private MergeRange(
      long start,
      long end,
      long flags,
      long pgoff,
      @Nullable MappedFile file,
      @Nullable AnonVma anonVma,
      @Nullable Vma middle,
      @Nullable Vma copiedFrom,
      @Nullable VmUserfaultfdCtx ctx) {
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.pgoff = pgoff;
    this.file = file;
    this.anonVma = anonVma;
    this.middle = middle;
    this.copiedFrom = copiedFrom;
    this.ctx = ctx;
  }

  /** A hole that is to be mapped. */
  static MergeRange hole(long start, long end, long flags, long pgoff, @Nullable MappedFile file) {
    return new MergeRange(start, end, flags, pgoff, file, null, null, null, null);
  }

  /** A part of {@code middle} that is to have other flags, or another userfaultfd. */
  static MergeRange part(
      Vma middle, long start, long end, long flags, @Nullable VmUserfaultfdCtx ctx) {
    long pgoff = middle.linearPageIndex(start);
    AnonVma anonVma = middle.anonVmaGetAcquire();
    return new MergeRange(start, end, flags, pgoff, middle.file, anonVma, middle, null, ctx);
  }

  /** A hole to which pages of {@code vma} are to be moved; no userfaultfd goes with them. */
  static MergeRange copy(Vma vma, long start, long end, long pgoff) {
    long flags = vma.vmFlagsGetOpaque() & ~VmFlags.VM_UFFD_FLAGS;
    AnonVma anonVma = vma.anonVmaGetAcquire();
    return new MergeRange(start, end, flags, pgoff, vma.file, anonVma, null, vma, null);
  }

  /** A hole behind {@code vma} into which it is to grow. */
  static MergeRange extension(Vma vma, long end) {
    long start = vma.vmEndGetOpaque();
    long flags = vma.vmFlagsGetOpaque();
    long pgoff = vma.vmPgoffGetOpaque() + vma.nrPages();
    AnonVma anonVma = vma.anonVmaGetAcquire();
    VmUserfaultfdCtx ctx = vma.userfaultfdCtxGetOpaque();
    return new MergeRange(start, end, flags, pgoff, vma.file, anonVma, null, null, ctx);
  }

  /** Whether the range may follow {@code prev}. @kernel mm/vma.c:can_vma_merge_after */
  boolean canMergeAfter(Vma prev) {
    return prev.vmEndGetOpaque() == start
        && looksLike(prev)
        && isMergeableAnonVma(prev)
        && prev.vmPgoffGetOpaque() + prev.nrPages() == pgoff;
  }

  /** Whether the range may precede {@code next}. @kernel mm/vma.c:can_vma_merge_before */
  boolean canMergeBefore(Vma next) {
    return next.vmStartGetOpaque() == end
        && looksLike(next)
        && isMergeableAnonVma(next)
        && next.vmPgoffGetOpaque() == pgoff + ((end - start) >> PAGE_SHIFT);
  }

  /**
   * @kernel mm/vma.c:is_mergeable_vma
   */
  @SuppressWarnings("ReferenceEquality") // of one and the same userfaultfd
  private boolean looksLike(Vma vma) {
    return ((vma.vmFlagsGetOpaque() ^ flags) & ~VmFlags.VM_SOFTDIRTY) == 0
        && vma.file == file
        && vma.userfaultfdCtxGetOpaque() == ctx;
  }

  /**
   * Whoever has no anon_vma yet takes the other's over; but not one that hangs on the anon_vmas of
   * parents as well, whose lists must not grow.
   *
   * @kernel mm/vma.c:is_mergeable_anon_vma
   */
  private boolean isMergeableAnonVma(Vma target) {
    AnonVma targetAnonVma = target.anonVmaGetAcquire();
    if (targetAnonVma == null && anonVma != null) {
      return (middle == null || !hadUncowedParents(middle))
          && (copiedFrom == null || !hadUncowedParents(copiedFrom));
    }
    if (targetAnonVma != null && anonVma == null) {
      return !hadUncowedParents(target);
    }
    return targetAnonVma == anonVma;
  }

  /**
   * Whether pages of a parent process may still be mapped.
   *
   * @kernel mm/vma.c:vma_had_uncowed_parents
   */
  private static boolean hadUncowedParents(Vma vma) {
    return !vma.anonVmaChain.isSingular();
  }
}
