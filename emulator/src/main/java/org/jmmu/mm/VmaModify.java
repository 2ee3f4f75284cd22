package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.alloc.FailAlloc;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.VmUserfaultfdCtx;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Changes of VMAs as system calls ask for them: new flags for a range, a mapping where there was
 * none, a copy elsewhere. The caller holds mmap_lock(W).
 *
 * @kernel mm/vma.c:vma_modify, split_vma, copy_vma
 */
public final class VmaModify {
  private final AnonVmas anonVmas;
  private final VmaAdjust vmaAdjust;
  private final VmaMerge vmaMerge;
  private final FailAlloc failAlloc;

  public VmaModify(AnonVmas anonVmas, FailAlloc failAlloc) {
    this.anonVmas = anonVmas;
    this.failAlloc = failAlloc;
    this.vmaAdjust = new VmaAdjust(anonVmas, failAlloc);
    this.vmaMerge = new VmaMerge(anonVmas, vmaAdjust);
  }

  /**
   * Gives [{@code start}, {@code end}), which lies in {@code vma}, other flags: neighbours that
   * look the same take it over, else it becomes a VMA of its own.
   *
   * @return the VMA that covers the range now
   * @throws ErrnoException ENOMEM without memory, or if there are too many VMAs; the range may have
   *     been split off on one side
   * @kernel mm/vma.c:vma_modify_flags
   */
  Vma modifyFlags(Vma vma, long start, long end, long flags) {
    return modifyFlagsUffd(vma, start, end, flags, vma.userfaultfdCtxGetOpaque());
  }

  /**
   * As {@link #modifyFlags}, for a registration with a userfaultfd, or its end.
   *
   * @kernel mm/vma.c:vma_modify_flags_uffd
   */
  Vma modifyFlagsUffd(Vma vma, long start, long end, long flags, @Nullable VmUserfaultfdCtx ctx) {
    vma.startWrite();
    Vma merged = vmaMerge.mergeExisting(MergeRange.part(vma, start, end, flags, ctx), vma);
    if (merged != null) {
      merged.vmFlagsSetOpaque(flags);
      merged.userfaultfdCtxSetOpaque(ctx);
      return merged;
    }
    if (vma.vmStartGetOpaque() < start) {
      split(vma, start, true);
    }
    if (vma.vmEndGetOpaque() > end) {
      split(vma, end, false);
    }
    vma.vmFlagsSetOpaque(flags);
    vma.userfaultfdCtxSetOpaque(ctx);
    return vma;
  }

  /**
   * Lets a neighbour take over a hole that is to be mapped.
   *
   * @return the VMA that covers the range now; null if none could
   * @throws ErrnoException ENOMEM, with nothing changed
   * @kernel mm/vma.c:vma_merge_new_range
   */
  @Nullable Vma mergeNew(
      Mm mm, long start, long end, long flags, long pgoff, @Nullable MappedFile file) {
    MergeRange range = MergeRange.hole(start, end, flags, pgoff, file);
    return vmaMerge.mergeNew(range, mm.vmas.findPrev(start), mm.vmas.find(start));
  }

  /**
   * Room for a VMA that no neighbour could take over. Nothing is to fail between this and {@link
   * #link}.
   *
   * @throws ErrnoException ENOMEM
   * @kernel mm/vma.c:vm_area_alloc, vma_iter_prealloc
   */
  void preallocVma() {
    failAlloc.check("vm_area_struct");
    vmaAdjust.prealloc();
  }

  /** Adds a VMA that no neighbour could take over. @kernel mm/vma.c:vma_link */
  void link(Vma vma) {
    vmaAdjust.link(vma);
  }

  /**
   * Makes a place for the pages of {@code vma} at {@code start}: part of a neighbour there, or a
   * new VMA.
   *
   * @param pgoff of the first page; what is anonymous and untouched gets a new one instead
   * @throws ErrnoException ENOMEM, with nothing changed
   * @kernel mm/vma.c:copy_vma
   */
  Vma copyVma(Vma vma, long start, long length, long pgoff) {
    vma.startWrite();
    boolean untouched = vma.isAnonymous() && vma.anonVmaGetAcquire() == null;
    long newPgoff = untouched ? start >> PAGE_SHIFT : pgoff;
    MergeRange range = MergeRange.copy(vma, start, start + length, newPgoff);
    Mm mm = vma.mm;
    Vma merged;
    try {
      merged = vmaMerge.mergeNew(range, mm.vmas.findPrev(start), mm.vmas.find(start));
    } catch (ErrnoException e) {
      merged = null; // a VMA of its own then
    }
    if (merged != null) {
      return merged;
    }
    failAlloc.check("vm_area_struct");
    Vma copy = vma.dup(mm);
    copy.resetUserfaultfdCtx(); // mremap_userfaultfd_prep
    copy.vmStartSetOpaque(start);
    copy.vmEndSetOpaque(start + length);
    copy.vmPgoffSetOpaque(newPgoff);
    try {
      joinAnonVmas(copy, vma);
      vmaAdjust.prealloc();
    } catch (ErrnoException e) {
      anonVmas.unlink(copy);
      copy.free();
      throw e;
    }
    vmaAdjust.link(copy);
    return copy;
  }

  /**
   * Lets {@code vma} grow up to {@code newEnd}, and over the VMA behind that if it looks the same.
   *
   * @return the VMA that covers it now; null if the offsets do not allow it
   * @throws ErrnoException ENOMEM, with nothing changed
   * @kernel mm/vma.c:vma_merge_extend
   */
  @Nullable Vma expandInPlace(Vma vma, long newEnd) {
    return vmaMerge.mergeNew(MergeRange.extension(vma, newEnd), vma, vma.mm.vmas.next(vma));
  }

  /**
   * Splits at {@code vaddr}.
   *
   * @param newBelow whether the new VMA gets the lower part
   * @return the new VMA
   * @throws ErrnoException ENOMEM without memory or if there are too many VMAs, EINVAL within a
   *     huge page, with nothing changed
   * @kernel mm/vma.c:split_vma
   */
  Vma split(Vma vma, long vaddr, boolean newBelow) {
    if (vma.mm.vmas.size() >= vma.mm.sysctl.maxMapCount) {
      throw new ErrnoException(Errno.ENOMEM, "more than " + vma.mm.sysctl.maxMapCount + " VMAs");
    }
    return splitUnchecked(vma, vaddr, newBelow);
  }

  /** As {@link #split}, however many VMAs there are: for those who free some soon. */
  Vma splitUnchecked(Vma vma, long vaddr, boolean newBelow) {
    if (HugePages.isHugetlb(vma) && !HugePages.isAligned(vaddr)) {
      throw new ErrnoException(Errno.EINVAL, "split within a huge page");
    }
    preallocVma();
    Vma half = vma.dup(vma.mm);
    long start = vma.vmStartGetOpaque();
    long end = vma.vmEndGetOpaque();
    long pgoff = vma.linearPageIndex(vaddr);
    if (newBelow) {
      half.vmEndSetOpaque(vaddr);
    } else {
      half.vmPgoffSetOpaque(pgoff);
      half.vmStartSetOpaque(vaddr);
    }
    try {
      joinAnonVmas(half, vma);
    } catch (ErrnoException e) {
      half.free();
      throw e;
    }
    if (newBelow) {
      vmaAdjust.adjust(vma, vaddr, end, pgoff, half);
    } else {
      vmaAdjust.adjust(vma, start, vaddr, vma.vmPgoffGetOpaque(), half);
    }
    return half;
  }

  /** No reverse-map walk finds the VMA any more. */
  void unlinkRmap(Vma vma) {
    vmaAdjust.unlinkRmap(vma);
  }

  private void joinAnonVmas(Vma copy, Vma vma) {
    anonVmas.cloneChain(copy, vma);
    copy.anonVmaSetRelease(vma.anonVmaGetAcquire());
  }
}
