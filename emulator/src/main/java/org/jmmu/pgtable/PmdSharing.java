package org.jmmu.pgtable;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.PteBits;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.phys.Checks;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.HugetlbVmaLock;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Tables of PMDs that several mappings of one file of huge pages have in common.
 *
 * <pre>
 *   mm 1: PUD entry --+--&gt; T, 512 entries of 2 MiB
 *   mm 2: PUD entry --+
 * </pre>
 *
 * A mapping can share the table of a whole, aligned GiB within it, with one that has the same part
 * of the file at the same place of its own GiB. Who takes a page out of such a table, or changes an
 * entry, gives the table up instead, unless nobody shares it any more; the next access looks for a
 * sharer again. i_mmap_rwsem, for reading to share and for writing to give up, keeps the two apart;
 * what keeps an entry valid that a fault has found is the protocol of race pmd-sharing.
 *
 * @kernel mm/hugetlb.c:huge_pmd_share, huge_pmd_unshare
 */
public final class PmdSharing {
  public static final long PUD_SIZE = PteBits.size(PteBits.LEVEL_PUD);
  public static final long PUD_MASK = -PUD_SIZE;

  private final PhysMemory phys;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PmdShareCountProtocol protocol;
  private final PmdShareCountProtocol.Parts parts;
  private final List<String> foreignStores = new CopyOnWriteArrayList<>();

  public PmdSharing(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PmdShareCountProtocol protocol) {
    this.phys = phys;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.protocol = protocol;
    this.parts = new PmdShareCountProtocol.Parts(phys, frames);
  }

  /** Starts over. */
  public void reset() {
    foreignStores.clear();
  }

  /**
   * Whether the GiB around {@code vaddr} may have a table in common with other mappings.
   *
   * @kernel mm/hugetlb.c:want_pmd_share
   */
  public static boolean wantPmdShare(Vma vma, long vaddr) {
    long start = vaddr & PUD_MASK;
    return (vma.vmFlagsGetOpaque() & VmFlags.VM_MAYSHARE) != 0
        && hasLock(vma)
        && isWithin(vma, start);
  }

  /** Not any more once it is being unmapped. */
  private static boolean hasLock(Vma vma) {
    HugetlbVmaLock lock = vma.hugetlbVmaLock();
    return lock != null && lock.isAttachedVolatile();
  }

  private static boolean isWithin(Vma vma, long pudStart) {
    return pudStart >= vma.vmStartGetOpaque() && pudStart + PUD_SIZE <= vma.vmEndGetOpaque();
  }

  /**
   * Address of the entry for {@code vaddr}, in a table that is shared if one can be; {@link
   * PageTables#NONE} only without memory.
   *
   * @kernel mm/hugetlb.c:huge_pte_alloc
   */
  public long hugePteAlloc(Vma vma, long vaddr) {
    if (wantPmdShare(vma, vaddr) && vma.file != null && isPudNone(vma.mm, vaddr)) {
      vma.file.mapping.iMmapRwsem.readLock();
      try {
        return hugePteAllocLocked(vma, vaddr);
      } finally {
        vma.file.mapping.iMmapRwsem.readUnlock();
      }
    }
    return tables.hugePteAlloc(vma.mm, vaddr);
  }

  /** As {@link #hugePteAlloc}; the caller holds i_mmap_rwsem, if only for reading. */
  public long hugePteAllocLocked(Vma vma, long vaddr) {
    if (wantPmdShare(vma, vaddr) && vma.file != null && isPudNone(vma.mm, vaddr)) {
      long pudAddr = tables.pudAlloc(vma.mm, vaddr);
      if (pudAddr == PageTables.NONE) {
        return PageTables.NONE;
      }
      share(vma, vaddr, pudAddr, vma.file.mapping);
    }
    return tables.hugePteAlloc(vma.mm, vaddr); // of the shared table, or in a new one
  }

  private boolean isPudNone(Mm mm, long vaddr) {
    long pudAddr = tables.pudOffset(mm, vaddr);
    return pudAddr == PageTables.NONE || Mem.longGetAcquire(pudAddr) == 0;
  }

  private void share(Vma vma, long vaddr, long pudAddr, AddressSpace mapping) {
    long pgoff = vma.linearPageIndex(vaddr);
    for (Vma svma = mapping.iMmap.firstOverlap(pgoff, pgoff);
        svma != null;
        svma = mapping.iMmap.nextOverlap(svma, pgoff, pgoff)) {
      long saddr = svma == vma ? PageTables.NONE : shareableAddr(svma, vma, vaddr, pgoff);
      long spte = saddr == PageTables.NONE ? saddr : tables.hugePteOffset(svma.mm, saddr);
      if (spte != PageTables.NONE) {
        link(vma.mm, pudAddr, phys.pfnOfAddr(spte));
        return;
      }
    }
  }

  private void link(Mm mm, long pudAddr, long tablePfn) {
    protocol.inc(parts, tablePfn);
    PausePoint.reach("hugePmdShare.counted");
    long ptl = PageDesc.ptlAddr(phys, mm.pgdPfn);
    SpinLock.lock(ptl, LockClass.PAGE_TABLE_LOCK);
    boolean none = Mem.longGetAcquire(pudAddr) == 0; // another thread may have been faster
    if (none) {
      Mem.longSetRelease(pudAddr, Pte.table(tablePfn));
    }
    SpinLock.unlock(ptl, LockClass.PAGE_TABLE_LOCK);
    if (!none) {
      protocol.dec(parts, tablePfn);
    }
  }

  /**
   * Where {@code svma} has the page, if the table around it will do for {@code vma}; else {@link
   * PageTables#NONE}.
   *
   * @kernel mm/hugetlb.c:page_table_shareable
   */
  private static long shareableAddr(Vma svma, Vma vma, long vaddr, long pgoff) {
    long saddr = svma.vmStartGetOpaque() + ((pgoff - svma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    long flags = vma.vmFlagsGetOpaque() & ~VmFlags.VM_LOCKED_MASK;
    long sflags = svma.vmFlagsGetOpaque() & ~VmFlags.VM_LOCKED_MASK;
    boolean shareable =
        PteBits.pmdIndex(saddr) == PteBits.pmdIndex(vaddr)
            && flags == sflags
            && isWithin(svma, saddr & PUD_MASK)
            && hasLock(svma);
    return shareable ? saddr : PageTables.NONE;
  }

  /**
   * Gives the table of {@code pmdAddr} up, the entry of {@code vaddr}, if others have it as well.
   * The caller holds i_mmap_rwsem for writing, and the ptl of the table; before it gives the former
   * up, it calls {@link #flush}.
   *
   * @return false if the table is its own alone: its entries are then to be treated one by one
   * @kernel mm/hugetlb.c:huge_pmd_unshare
   */
  public boolean unshare(Vma vma, long vaddr, long pmdAddr) {
    long tablePfn = phys.pfnOfAddr(pmdAddr);
    if (!protocol.isShared(parts, tablePfn)) {
      return false;
    }
    long pudAddr = tables.pudOffset(vma.mm, vaddr);
    Mem.longSetRelease(pudAddr, 0);
    PausePoint.reach("hugePmdUnshare.cleared");
    protocol.dec(parts, tablePfn);
    return true;
  }

  /** Takes the whole GiB out of TLBs. @kernel mm/hugetlb.c:flush_hugetlb_tlb_range */
  public void flush(Mm mm, long vaddr) {
    tlbFlush.rangeAndTables(mm, vaddr & PUD_MASK, (vaddr & PUD_MASK) + PUD_SIZE);
  }

  /** First address behind the table of {@code vaddr}, less the huge page that a loop adds. */
  public static long lastOfTable(long vaddr) {
    return (vaddr | ~PUD_MASK) & -PteBits.size(PteBits.LEVEL_PMD);
  }

  /** Whether the entry that was found for {@code vaddr} still is the one of this address space. */
  public boolean isPtep(Mm mm, long vaddr, long pmdAddr) {
    return tables.hugePteOffset(mm, vaddr) == pmdAddr;
  }

  /**
   * Sets an entry; remembers it if the table is not one of the address space. The caller holds the
   * ptl.
   *
   * @kernel include/asm-generic/hugetlb.h:set_huge_pte_at
   */
  public void setHugePte(Mm mm, long vaddr, long pmdAddr, long word) {
    if (Checks.ON && !isPtep(mm, vaddr, pmdAddr)) {
      foreignStores.add(
          "entry for 0x%x of the mm with pgd %d set in frame %d"
              .formatted(vaddr, mm.pgdPfn, phys.pfnOfAddr(pmdAddr)));
    }
    // Release: a CPU that walks to the page sees its content.
    Mem.longSetRelease(pmdAddr, word);
  }

  /** For oracles: entries that were set in tables of others. */
  public List<String> foreignStores() {
    return foreignStores;
  }

  /** For oracles: how many entries link the table. */
  public int count(long tablePfn) {
    return protocol.count(parts, tablePfn);
  }

  /** For oracles: whether a lock of it is held. */
  public static boolean isLocked(Vma vma) {
    HugetlbVmaLock lock = vma.hugetlbVmaLock();
    return lock != null && lock.rwSema.isLocked();
  }
}
