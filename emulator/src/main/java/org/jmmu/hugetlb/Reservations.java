package org.jmmu.hugetlb;

import static org.jmmu.types.VmFlags.VM_MAYSHARE;
import static org.jmmu.types.VmFlags.VM_NORESERVE;

import org.jmmu.alloc.Buddy;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.KernelBug;
import org.jmmu.types.ResvMap;
import org.jmmu.types.Vma;

/**
 * Which mapping may take how many pages from the pool: makes reservations, uses them up and gives
 * them back.
 *
 * @kernel mm/hugetlb.c:hugetlb_reserve_pages, alloc_hugetlb_folio
 */
public final class Reservations {
  /** Whether a page is copied by the mapping that had reserved it, and used that up before. */
  enum Cow {
    FROM_OWNER,
    NO
  }

  private final PhysMemory phys;
  private final Hstate hstate;

  public Reservations(PhysMemory phys, Hstate hstate) {
    this.phys = phys;
    this.hstate = hstate;
  }

  /** Shared mappings reserve for the file, whoever comes first. */
  static boolean isShared(Vma vma) {
    return (vma.vmFlagsGetOpaque() & VM_MAYSHARE) != 0;
  }

  /**
   * Reserves what a new mapping needs, unless it does not want that. The caller holds the lock of
   * the inode.
   *
   * @return false, with nothing changed, if there are not enough pages
   * @kernel mm/hugetlb.c:hugetlb_reserve_pages
   */
  boolean reservePages(Vma vma) {
    if ((vma.vmFlagsGetOpaque() & VM_NORESERVE) != 0) {
      return true;
    }
    long from = HugePages.index(vma, vma.vmStartGetOpaque());
    long to = HugePages.index(vma, vma.vmEndGetOpaque());
    if (!isShared(vma)) {
      boolean reserved = hstate.reserve(to - from);
      vma.resvMap = reserved ? new ResvMap() : null;
      return reserved;
    }
    ResvMap map = mapOf(HugePages.mapping(vma));
    long wanted = to - from - map.count(from, to);
    if (!hstate.reserve(wanted)) {
      return false;
    }
    // Faults of mappings without reservations may have put pages in meanwhile.
    long added = map.add(from, to);
    if (added < wanted) {
      hstate.unreserve(wanted - added);
    }
    return true;
  }

  /**
   * Pages of a file are gone from its cache, and with them their place in its map.
   *
   * @param freed how many pages existed; the others were reserved
   * @kernel mm/hugetlb.c:hugetlb_unreserve_pages
   */
  void unreservePages(AddressSpace mapping, long from, long to, long freed) {
    hstate.unreserve(mapOf(mapping).del(from, to) - freed);
  }

  /**
   * The VMA is gone: what it has reserved and not used up goes back.
   *
   * @kernel mm/hugetlb.c:hugetlb_vm_op_close
   */
  public void close(Vma vma) {
    ResvMap map = vma.resvMap;
    if (map == null) {
      return;
    }
    long from = HugePages.index(vma, vma.vmStartGetOpaque());
    long to = HugePages.index(vma, vma.vmEndGetOpaque());
    hstate.unreserve(to - from - map.count(from, to));
  }

  /**
   * A page for a fault, of arbitrary content and with one reference, or {@link Buddy#NO_FRAME}. The
   * caller holds the fault mutex.
   *
   * @kernel mm/hugetlb.c:alloc_hugetlb_folio
   */
  long allocFolio(Vma vma, long vaddr, Cow cow) {
    long index = HugePages.index(vma, vaddr);
    if (isShared(vma)) {
      return allocShared(HugePages.mapping(vma), index);
    }
    ResvMap map = vma.resvMap;
    if (cow == Cow.FROM_OWNER || map == null || map.count(index, index + 1) != 0) {
      return hstate.alloc(false);
    }
    long pfn = hstate.alloc(true);
    if (pfn != Buddy.NO_FRAME) {
      long _ = map.add(index, index + 1);
    }
    return pfn;
  }

  /** A page for a file; the caller holds the fault mutex. */
  long allocShared(AddressSpace mapping, long index) {
    ResvMap map = mapOf(mapping);
    boolean reserved = map.count(index, index + 1) != 0;
    long pfn = hstate.alloc(reserved);
    if (pfn != Buddy.NO_FRAME && map.add(index, index + 1) == 0 && !reserved) {
      hstate.unreserve(1); // a mapping has reserved the page meanwhile, which exists now
    }
    return pfn;
  }

  /** The page is mapped or in a page cache: the reservation that it used up is used up for good. */
  void setUsed(long pfn) {
    PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_HUGETLB_RESTORE_RESERVE);
  }

  /**
   * A page of a private mapping was not needed after all, and is about to be freed.
   *
   * @kernel mm/hugetlb.c:restore_reserve_on_error
   */
  void restoreOnError(Vma vma, long vaddr, long pfn) {
    ResvMap map = vma.resvMap;
    boolean used =
        (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_HUGETLB_RESTORE_RESERVE) != 0;
    if (used && map != null) {
      long index = HugePages.index(vma, vaddr);
      long _ = map.del(index, index + 1);
    }
  }

  /** The owner of a reservation unmaps its page. @see Hstate#reserveWhenFreed */
  boolean reserveWhenFreed(long pfn) {
    return hstate.reserveWhenFreed(pfn);
  }

  /**
   * The owner of a reservation has unmapped its page, which is reserved when it is freed: it may
   * have one once more.
   *
   * @kernel mm/hugetlb.c:__unmap_hugepage_range
   */
  void restoreUnmapped(Vma vma, long vaddr) {
    ResvMap map = vma.resvMap;
    long index = HugePages.index(vma, vaddr);
    if (map != null) {
      long _ = map.del(index, index + 1);
    }
  }

  private static ResvMap mapOf(AddressSpace mapping) {
    if (mapping.resvMap == null) {
      throw new KernelBug("a file of small pages");
    }
    return mapping.resvMap;
  }
}
