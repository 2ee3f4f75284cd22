package org.jmmu.mm;

import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_LOCKED;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.SwapCache;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Unmaps ranges, and whole address spaces at exit.
 *
 * @kernel mm/vma.c:do_vmi_munmap, vms_complete_munmap_vmas, mm/mmap.c:exit_mmap
 */
public final class Munmap {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final VmaModify vmaModify;
  private final Accounting accounting;
  private final FailAlloc failAlloc;
  private final Hugetlb hugetlb;
  private final Zap zap;
  private ArchUnmap archUnmap = ArchUnmap.NONE; // immutable once the machine is wired

  public Munmap(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      VmaModify vmaModify,
      PageRmap pageRmap,
      SwapCache swapCache,
      Accounting accounting,
      Hugetlb hugetlb,
      FailAlloc failAlloc) {
    this.hugetlb = hugetlb;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.vmaModify = vmaModify;
    this.accounting = accounting;
    this.failAlloc = failAlloc;
    this.zap = new Zap(phys, tables, pageRmap, swapCache);
  }

  /** The hook is built on this class, so that it comes later. */
  public void setArchUnmap(ArchUnmap hook) {
    archUnmap = hook;
  }

  ArchUnmap archUnmap() {
    return archUnmap;
  }

  /**
   * Unmaps [{@code vaddr}, {@code vaddr + length}), rounded up to pages; holes in it are allowed.
   *
   * @throws ErrnoException EINVAL if unaligned, empty or beyond user space; ENOMEM without memory,
   *     or if a VMA would have to be split and there are too many: nothing is unmapped then, though
   *     a VMA may have been split
   */
  public void munmap(Mm mm, long vaddr, long length) {
    Mman.checkAligned(vaddr);
    long bytes = Mman.pageAlign(length);
    if (bytes == 0 || !Mman.isUserRange(vaddr, length)) {
      throw new ErrnoException(
          Errno.EINVAL, "munmap of " + Long.toUnsignedString(length) + " bytes");
    }
    archUnmap.preUnmap(mm, vaddr, vaddr + bytes);
    try {
      mm.mmapLock.writeLock();
      try {
        munmapLocked(mm, vaddr, vaddr + bytes);
      } finally {
        mm.mmapLock.writeUnlock();
      }
    } finally {
      archUnmap.postUnmap(mm);
    }
  }

  /**
   * Unmaps what the hook itself has mapped: without calling it. The caller holds mmap_lock(W).
   *
   * @throws ErrnoException as {@link #munmap}
   */
  public void munmapForHook(Mm mm, long start, long end) {
    gather(mm, start, end);
    complete(mm, start, end, ArchUnmap.NONE);
  }

  /** Takes the pages out of a range whose VMAs stay; the caller holds mmap_lock. */
  public void zapForHook(Mm mm, long start, long end) {
    MmuGather gather = new MmuGather(frames, tlbFlush, mm);
    zap.range(gather, mm, start, end);
    gather.finish();
  }

  /**
   * Sees to it that no VMA sticks out of a range that is about to be unmapped. The caller holds
   * mmap_lock(W).
   *
   * @throws ErrnoException ENOMEM without memory, or if one would have to be cut in three and there
   *     are too many; the limit does not hold for cuts in two, which free something
   * @kernel mm/vma.c:vms_gather_munmap_vmas
   */
  void gather(Mm mm, long start, long end) {
    Vma first = mm.vmas.find(start);
    if (first == null || first.vmStartGetOpaque() >= end) {
      return;
    }
    if (start > first.vmStartGetOpaque()) {
      if (end < first.vmEndGetOpaque() && mm.vmas.size() >= mm.sysctl.maxMapCount) {
        throw new ErrnoException(Errno.ENOMEM, "too many VMAs");
      }
      vmaModify.splitUnchecked(first, start, true);
    }
    Vma last = mm.vmas.find(end - 1);
    if (last != null && last.vmStartGetOpaque() < end && last.vmEndGetOpaque() > end) {
      vmaModify.splitUnchecked(last, end, false);
    }
    if (mm.vmas.find(start) != mm.vmas.findPrev(end)) {
      failAlloc.check("maple_node"); // where they are kept until all are found; one needs no node
    }
  }

  /** As {@link #munmap}; the caller holds mmap_lock(W). */
  void munmapLocked(Mm mm, long start, long end) {
    Vma first = mm.vmas.find(start);
    if (first != null && first.vmStartGetOpaque() < end) {
      archUnmap.arrived(mm, start, end);
      gather(mm, start, end);
      failAlloc.check("maple_node"); // for the hole
      complete(mm, start, end);
    }
  }

  /**
   * Unmaps what {@link #gather} found, and cannot fail.
   *
   * @kernel mm/vma.c:vms_complete_munmap_vmas
   */
  void complete(Mm mm, long start, long end) {
    complete(mm, start, end, archUnmap);
  }

  private void complete(Mm mm, long start, long end, ArchUnmap arch) {
    // The last user of a file frees its pages: nobody maps them now.
    List<Vma> ofFiles = new ArrayList<>();
    cleanUpArea(mm, start, end, ofFiles, arch);
    ofFiles.forEach(Vma::free);
  }

  /**
   * Unmaps what {@link #gather} found, and cannot fail.
   *
   * @param ofFiles takes those of the VMAs that hold on to a file, until the caller frees them
   * @kernel mm/vma.c:vms_clean_up_area
   */
  void cleanUpArea(Mm mm, long start, long end, List<Vma> ofFiles) {
    cleanUpArea(mm, start, end, ofFiles, archUnmap);
  }

  private void cleanUpArea(Mm mm, long start, long end, List<Vma> ofFiles, ArchUnmap arch) {
    Vma prev = mm.vmas.findPrev(start);
    List<Vma> detached = new ArrayList<>();
    Vma next;
    while ((next = mm.vmas.find(start)) != null && next.vmStartGetOpaque() < end) {
      next.startWrite();
      mm.vmas.remove(next);
      detached.add(next);
    }
    if (detached.isEmpty()) {
      return;
    }
    arch.detached(mm, start, end);
    MmuGather gather = new MmuGather(frames, tlbFlush, mm);
    for (Vma vma : detached) {
      // VMA by VMA: the holes between them, most of an address space, are not looked at.
      zapVma(gather, vma);
      vmaModify.unlinkRmap(vma); // before its tables go: no walk may look into them any more
      account(mm, vma);
      if (vma.file != null) {
        ofFiles.add(vma);
      }
    }
    long floor = prev == null ? 0 : prev.vmEndGetOpaque();
    long ceiling = next == null ? 0 : next.vmStartGetOpaque();
    tables.freeRange(gather, mm, start, end, floor, ceiling);
    gather.finish();
    ofFiles.forEach(this::close);
    arch.unmapped(mm, start, end);
  }

  private void zapVma(MmuGather gather, Vma vma) {
    long start = vma.vmStartGetOpaque();
    long end = vma.vmEndGetOpaque();
    if (HugePages.isHugetlb(vma)) {
      hugetlb.unmap.range(gather, vma, start, end, HugetlbUnmap.Vmas.GO);
    } else {
      zap.range(gather, vma.mm, start, end);
    }
  }

  /**
   * @kernel mm/vma.h:vma_close
   */
  private void close(Vma vma) {
    if (HugePages.isHugetlb(vma)) {
      hugetlb.reservations.close(vma);
    }
  }

  /** The last user of the mm is gone; no CPU runs it. Frees everything, the top table included. */
  public void exitMmap(Mm mm) {
    mm.mmapLock.writeLock();
    try {
      complete(mm, 0, Mman.TASK_SIZE, ArchUnmap.NONE); // the bounds tables go with all the rest
    } finally {
      mm.mmapLock.writeUnlock();
    }
    tables.pgdFree(mm.pgdPfn);
  }

  private void account(Mm mm, Vma vma) {
    long flags = vma.vmFlagsGetOpaque();
    accounting.vmStatAccount(mm, flags, -vma.nrPages());
    if ((flags & VM_LOCKED) != 0) {
      mm.lockedVm -= vma.nrPages();
    }
    if ((flags & VM_ACCOUNT) != 0) {
      accounting.vmUnacctMemory(vma.nrPages());
    }
  }
}
