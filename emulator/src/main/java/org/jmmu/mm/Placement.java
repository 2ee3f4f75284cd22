package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hugetlb.HugePages;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Where a new mapping goes. The caller holds mmap_lock(W).
 *
 * @kernel mm/mmap.c:__get_unmapped_area, arch/x86/kernel/sys_x86_64.c
 */
final class Placement {
  private static final long NONE = UnmappedArea.NONE;
  private static final long PMD_SIZE = 2L << 20;

  /** Bottom-up placement starts at a third of user space. */
  private static final long TASK_UNMAPPED_BASE = Mman.pageAlign(Mman.TASK_SIZE / 3);

  private static final long BEGIN_32BIT = 0x4000_0000L;
  private static final long END_32BIT = 0x8000_0000L;
  private static final long FOUR_GIB = 1L << 32;

  private Placement() {}

  /**
   * @param hint page aligned unless MAP_FIXED
   * @param length in bytes, page aligned
   * @param pgoff of a mapping of a file; its alignment counts for huge pages
   * @return a page-aligned address
   * @throws ErrnoException ENOMEM without room, EINVAL for an unaligned MAP_FIXED, EPERM below
   *     mmap_min_addr
   */
  static long getUnmappedArea(
      Mm mm, long hint, long length, long pgoff, int flags, @Nullable MappedFile file) {
    if (Long.compareUnsigned(length, Mman.TASK_SIZE) > 0) {
      throw noRoom(length);
    }
    long vaddr;
    if (file != null && file.mapping.isHugetlb()) {
      vaddr = hugetlb(mm, hint, length, pgoff, flags);
    } else if (isAlignedForHugePages(hint, length, flags, file)) {
      vaddr = hugeAligned(mm, hint, length, pgoff, flags);
    } else {
      vaddr = topDown(mm, hint, length, flags, 0, 0);
    }
    if (vaddr == NONE || Long.compareUnsigned(vaddr, Mman.TASK_SIZE - length) > 0) {
      throw noRoom(length);
    }
    Mman.checkAligned(vaddr);
    if (vaddr < mm.sysctl.mmapMinAddr) {
      throw new ErrnoException(Errno.EPERM, "address below mmap_min_addr");
    }
    return vaddr;
  }

  /**
   * @kernel fs/hugetlbfs/inode.c:hugetlb_get_unmapped_area
   */
  private static long hugetlb(Mm mm, long hint, long length, long pgoff, int flags) {
    boolean fixed = (flags & Mman.MAP_FIXED) != 0;
    if (!HugePages.isAligned(length) || (fixed && !HugePages.isAligned(hint))) {
      throw new ErrnoException(Errno.EINVAL, "a mapping of huge pages that is not aligned");
    }
    long alignMask = PAGE_MASK & ~HugePages.HPAGE_MASK;
    return topDown(mm, HugePages.align(hint), length, flags, alignMask, pgoff << PAGE_SHIFT);
  }

  /** Large anonymous memory without a hint, and files on disk. */
  private static boolean isAlignedForHugePages(
      long hint, long length, int flags, @Nullable MappedFile file) {
    if (file != null) {
      return !file.mapping.isShmem();
    }
    boolean shared = (flags & Mman.MAP_TYPE) == Mman.MAP_SHARED;
    return !shared && hint == 0 && (length & (PMD_SIZE - 1)) == 0;
  }

  /**
   * @kernel mm/huge_memory.c:thp_get_unmapped_area_vmflags
   */
  private static long hugeAligned(Mm mm, long hint, long length, long pgoff, int flags) {
    long offset = pgoff << PAGE_SHIFT;
    long firstHuge = (offset + PMD_SIZE - 1) & -PMD_SIZE;
    if (offset + length - firstHuge >= PMD_SIZE) {
      long padded = topDown(mm, hint, length + PMD_SIZE, flags, 0, 0);
      if (padded != NONE && padded == hint) {
        return hint;
      }
      if (padded != NONE) {
        long shift = (offset - padded) & (PMD_SIZE - 1);
        return shift == 0 ? padded + PMD_SIZE : padded + shift;
      }
    }
    return topDown(mm, hint, length, flags, 0, 0);
  }

  /**
   * @kernel arch/x86/kernel/sys_x86_64.c:arch_get_unmapped_area_topdown
   */
  private static long topDown(
      Mm mm, long hint, long length, int flags, long alignMask, long alignOffset) {
    if (Long.compareUnsigned(length, Mman.TASK_SIZE) > 0) {
      return NONE;
    }
    if ((flags & Mman.MAP_FIXED) != 0) {
      return hint;
    }
    if ((flags & Mman.MAP_32BIT) != 0) {
      return bottomUp(mm, hint, length, flags, alignMask, alignOffset);
    }
    long wanted = hint & PAGE_MASK;
    if (wanted != 0 && Mman.isUserRange(wanted, length) && isFree(mm, wanted, length)) {
      return wanted;
    }
    long low = (flags & Mman.MAP_ABOVE4G) != 0 ? FOUR_GIB : PAGE_SIZE;
    long from = Math.max(low, mm.sysctl.mmapMinAddr);
    long gap = UnmappedArea.topDown(mm.vmas, from, mm.mmapBase, length, alignMask, alignOffset);
    return gap != NONE ? gap : bottomUp(mm, hint, length, flags, alignMask, alignOffset);
  }

  /**
   * @kernel arch/x86/kernel/sys_x86_64.c:arch_get_unmapped_area
   */
  private static long bottomUp(
      Mm mm, long hint, long length, int flags, long alignMask, long alignOffset) {
    boolean below2Gib = (flags & Mman.MAP_32BIT) != 0;
    long begin = below2Gib ? BEGIN_32BIT : TASK_UNMAPPED_BASE;
    long end = below2Gib ? END_32BIT : Mman.TASK_SIZE;
    if (Long.compareUnsigned(length, end) > 0) {
      return NONE;
    }
    long wanted = Mman.pageAlign(hint);
    if (wanted != 0
        && Long.compareUnsigned(wanted, end - length) <= 0
        && isFree(mm, wanted, length)) {
      return wanted;
    }
    long from = Math.max(begin, mm.sysctl.mmapMinAddr);
    return UnmappedArea.bottomUp(mm.vmas, from, end, length, alignMask, alignOffset);
  }

  private static boolean isFree(Mm mm, long start, long length) {
    Vma vma = mm.vmas.find(start);
    return vma == null || start + length <= UnmappedArea.startGap(vma);
  }

  private static ErrnoException noRoom(long length) {
    return new ErrnoException(
        Errno.ENOMEM, "no gap of " + Long.toUnsignedString(length) + " bytes");
  }
}
