package org.jmmu.hugetlb;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.KernelBug;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Geometry and content of pages of 2 MiB. The first of their frames stands for the whole.
 *
 * @kernel include/linux/hugetlb.h
 */
public final class HugePages {
  public static final int HPAGE_SHIFT = 21;
  public static final long HPAGE_SIZE = 1L << HPAGE_SHIFT;
  public static final long HPAGE_MASK = -HPAGE_SIZE;

  /** Log2 of the frames of a huge page. */
  public static final int HPAGE_ORDER = HPAGE_SHIFT - PhysMemory.PAGE_SHIFT;

  public static final int NR_FRAMES = 1 << HPAGE_ORDER;

  private static final int WORDS_PER_FRAME = (int) (PhysMemory.PAGE_SIZE / Long.BYTES);

  private HugePages() {}

  /** Whether the VMA maps huge pages. @kernel include/linux/hugetlb_inline.h:is_vm_hugetlb_page */
  public static boolean isHugetlb(Vma vma) {
    return (vma.vmFlagsGetOpaque() & VmFlags.VM_HUGETLB) != 0;
  }

  /** Whether an address, an offset or a length is a multiple of the page size. */
  public static boolean isAligned(long bytes) {
    return (bytes & ~HPAGE_MASK) == 0;
  }

  /** Rounded up; 0 if that does not fit. */
  public static long align(long bytes) {
    return (bytes + HPAGE_SIZE - 1) & HPAGE_MASK;
  }

  /** Number of a page within the file, in huge pages. @kernel vma_hugecache_offset */
  static long index(Vma vma, long vaddr) {
    return vma.linearPageIndex(vaddr) >>> HPAGE_ORDER;
  }

  /** The file that the VMA maps: anonymous huge memory has one, too. */
  public static AddressSpace mapping(Vma vma) {
    if (vma.file == null) {
      throw new KernelBug("huge pages without a file");
    }
    return vma.file.mapping;
  }

  /**
   * Fills a huge page with zeroes. Frames that hold nothing else are only read, so that memory of
   * the host is needed for what was written to alone.
   */
  static void clear(PhysMemory phys, long pfn) {
    for (long each = pfn; each < pfn + NR_FRAMES; each++) {
      if (!isZero(phys, each)) {
        phys.clearPage(each);
      }
    }
  }

  /** As {@link #clear}, with the content of another huge page. */
  static void copy(PhysMemory phys, long fromPfn, long toPfn) {
    for (int i = 0; i < NR_FRAMES; i++) {
      if (!isZero(phys, fromPfn + i)) {
        phys.copyPage(fromPfn + i, toPfn + i);
      } else if (!isZero(phys, toPfn + i)) {
        phys.clearPage(toPfn + i);
      }
    }
  }

  private static boolean isZero(PhysMemory phys, long pfn) {
    return Mem.firstNonZeroLong(phys.frameAddr(pfn), WORDS_PER_FRAME) == WORDS_PER_FRAME;
  }
}
