package org.jmmu.hugetlb;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.MmuGather;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;

/**
 * Takes huge pages out of page tables.
 *
 * @kernel mm/hugetlb.c:__unmap_hugepage_range, fs/hugetlbfs/inode.c:hugetlb_vmdelete_list
 */
public final class HugetlbUnmap {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final PageCache pageCache;
  private final Reservations reservations;
  private final PmdSharing sharing;
  private final PmdSharingProtocol protocol;

  public HugetlbUnmap(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      PageCache pageCache,
      Reservations reservations,
      PmdSharing sharing,
      PmdSharingProtocol protocol) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.pageCache = pageCache;
    this.reservations = reservations;
    this.sharing = sharing;
    this.protocol = protocol;
  }

  /** Whether the VMAs outlive the unmapping of their pages. */
  public enum Vmas {
    STAY,
    GO
  }

  /** Whether the caller of {@link #unsharePmds} has locked what it takes. */
  public enum Locks {
    TAKE,
    HELD
  }

  /** Takes out all pages of a range; they are freed when {@code gather} is finished. */
  public void range(MmuGather gather, Vma vma, long start, long end, Vmas vmas) {
    protocol.lockForUnmap(vma);
    try {
      rangeLocked(gather, vma, start, end);
      if (vmas == Vmas.GO) {
        // Its tables are about to be freed: nobody may share one any more.
        vma.hugetlbVmaLockDetach();
      }
    } finally {
      protocol.unlockForUnmap(vma);
    }
  }

  private void rangeLocked(MmuGather gather, Vma vma, long start, long end) {
    for (long at = start; at < end; at += HPAGE_SIZE) {
      long pmdAddr = tables.hugePteOffset(vma.mm, at);
      if (pmdAddr == PageTables.NONE) {
        continue;
      }
      tables.lock(pmdAddr);
      if (sharing.unshare(vma, at, pmdAddr)) {
        tables.unlock(pmdAddr);
        sharing.flush(vma.mm, at);
        at = PmdSharing.lastOfTable(at);
        continue;
      }
      long word = Mem.longXchg(pmdAddr, 0);
      boolean promised = word != 0 && removeLocked(gather, vma, at, word);
      tables.unlock(pmdAddr);
      if (promised) {
        reservations.restoreUnmapped(vma, at);
      }
    }
  }

  /** Whether the VMA may have a page here once more, because it had reserved this one. */
  private boolean removeLocked(MmuGather gather, Vma vma, long vaddr, long word) {
    long pfn = Pte.pfn(word);
    gather.addRange(vaddr, vaddr + HPAGE_SIZE);
    pageRmap.remove(pfn);
    boolean promised =
        vma.resvMap != null && pageRmap.isAnon(pfn) && reservations.reserveWhenFreed(pfn);
    gather.addPage(pfn);
    return promised;
  }

  /**
   * Unmaps {@code pfn} from a VMA that will have to do without it from now on. The caller holds
   * i_mmap_rwsem.
   */
  void takeAway(Vma vma, long pgoff, long pfn) {
    long vaddr = vma.vmStartGetOpaque() + ((pgoff - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    long pmdAddr = tables.hugePteOffset(vma.mm, vaddr);
    if (pmdAddr == PageTables.NONE) {
      return;
    }
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    tables.lock(pmdAddr);
    long word = Mem.longGetOpaque(pmdAddr);
    if (Pte.isPresent(word) && Pte.pfn(word) == pfn) {
      vma.resvUnmappedSetVolatile(); // before the entry goes: a fault must not bring zeroes
      boolean _ = removeLocked(gather, vma, vaddr, Mem.longXchg(pmdAddr, 0));
    }
    tables.unlock(pmdAddr);
    gather.finish();
  }

  /**
   * Unmaps the pages [{@code from}, {@code to}) of a file, private copies included; pages of the
   * cache may stay mapped, to be unmapped when they are removed.
   *
   * @param from number of a huge page
   * @param to at most as large as a byte offset can name
   */
  void fileRange(AddressSpace mapping, long from, long to) {
    if (from >= to) {
      return;
    }
    long first = from << HugePages.HPAGE_ORDER;
    long last = (to << HugePages.HPAGE_ORDER) - 1;
    protocol.vmdeleteList(this, mapping, first, last);
  }

  /** As {@link #range}, of the pages [{@code first}, {@code last}]; the caller holds the locks. */
  public void unmapOne(Vma vma, long first, long last) {
    long pgoff = vma.vmPgoffGetOpaque();
    long start = vma.vmStartGetOpaque() + ((Math.max(first, pgoff) - pgoff) << PAGE_SHIFT);
    long end =
        vma.vmStartGetOpaque() + ((Math.min(last, vma.lastPgoff()) + 1 - pgoff) << PAGE_SHIFT);
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    rangeLocked(gather, vma, start, end);
    gather.finish();
  }

  /**
   * Unmaps a page from everywhere, as migration and the handling of memory errors do: its lock is
   * taken first.
   *
   * @return whether nobody maps it any more
   * @kernel mm/memory-failure.c:unmap_poisoned_folio, mm/rmap.c:try_to_unmap
   */
  public boolean tryToUnmap(long pfn) {
    if (!frames.getUnlessZero(pfn)) {
      return false;
    }
    PageLock.lock(phys, pfn);
    PausePoint.reach("hugetlbTryToUnmap.locked");
    try {
      AddressSpace mapping = pageCache.of(PageDesc.mappingGetAcquire(phys, pfn));
      if (mapping == null || !protocol.mappingLockWrite(phys, mapping, pfn)) {
        return false;
      }
      try {
        unmapFolioLocked(mapping, pfn);
      } finally {
        protocol.mappingUnlockWrite(mapping);
      }
      return PageDesc.mapcountGetAcquire(phys, pfn) == 0;
    } finally {
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
    }
  }

  private void unmapFolioLocked(AddressSpace mapping, long pfn) {
    long first = PageDesc.indexGetOpaque(phys, pfn);
    for (Vma vma = mapping.iMmap.firstOverlap(first, first);
        vma != null;
        vma = mapping.iMmap.nextOverlap(vma, first, first)) {
      if (!protocol.tryLockVma(vma)) {
        return;
      }
      unmapFrom(vma, first, pfn);
      protocol.unlockVma(vma);
    }
  }

  /**
   * @kernel mm/rmap.c:try_to_unmap_one
   */
  private void unmapFrom(Vma vma, long pgoff, long pfn) {
    long vaddr = vma.vmStartGetOpaque() + ((pgoff - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
    long pmdAddr = tables.hugePteOffset(vma.mm, vaddr);
    if (pmdAddr == PageTables.NONE) {
      return;
    }
    MmuGather gather = new MmuGather(frames, tlbFlush, vma.mm);
    tables.lock(pmdAddr);
    long word = Mem.longGetOpaque(pmdAddr);
    boolean found = Pte.isPresent(word) && Pte.pfn(word) == pfn;
    boolean unshared = found && sharing.unshare(vma, vaddr, pmdAddr);
    if (found && !unshared) {
      boolean _ = removeLocked(gather, vma, vaddr, Mem.longXchg(pmdAddr, 0));
    }
    tables.unlock(pmdAddr);
    if (unshared) {
      sharing.flush(vma.mm, vaddr);
    }
    gather.finish();
  }

  /**
   * Gives up the table of the GiB around {@code vaddr}, a place within it where the VMA is about to
   * be split, if the VMA covers all of it.
   *
   * @kernel mm/hugetlb.c:hugetlb_unshare_pmds
   */
  public void unsharePmds(Vma vma, long vaddr, Locks locks) {
    long floor = vaddr & PmdSharing.PUD_MASK;
    if (floor == vaddr
        || floor < vma.vmStartGetOpaque()
        || floor + PmdSharing.PUD_SIZE > vma.vmEndGetOpaque()
        || !Reservations.isShared(vma)) {
      return;
    }
    if (locks == Locks.TAKE) {
      protocol.lockForUnmap(vma);
    }
    try {
      long pmdAddr = tables.hugePteOffset(vma.mm, floor);
      if (pmdAddr != PageTables.NONE) {
        tables.lock(pmdAddr);
        boolean unshared = sharing.unshare(vma, floor, pmdAddr);
        tables.unlock(pmdAddr);
        if (unshared) {
          sharing.flush(vma.mm, floor);
        }
      }
    } finally {
      if (locks == Locks.TAKE) {
        protocol.unlockForUnmap(vma);
      }
    }
  }
}
