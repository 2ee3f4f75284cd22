package org.jmmu.hugetlb;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_UNSHARE;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_VMA_LOCK;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.Cpu;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Writes to huge pages that are mapped read-only.
 *
 * <p>The process that reserved a page relies on it. If it has to copy the page because a child has
 * it as well, and there is no page for the copy, the children lose theirs: {@link #takeBack}.
 *
 * @kernel mm/hugetlb.c:hugetlb_wp
 */
public final class HugetlbWp {
  /** A result besides {@link org.jmmu.types.VmFault}: try again after {@link #takeBack}. */
  public static final int TAKE_BACK = -1;

  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final AnonVmas anonVmas;
  private final Reservations reservations;
  private final HugetlbUnmap unmap;
  private final PmdSharing sharing;
  private final PmdSharingProtocol protocol;

  public HugetlbWp(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      AnonVmas anonVmas,
      Reservations reservations,
      HugetlbUnmap unmap,
      PmdSharing sharing,
      PmdSharingProtocol protocol) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
    this.anonVmas = anonVmas;
    this.reservations = reservations;
    this.unmap = unmap;
    this.sharing = sharing;
    this.protocol = protocol;
  }

  /**
   * The caller holds the fault mutex.
   *
   * @param word what the fault found: present and read-only
   */
  int doWp(@Nullable Cpu cpu, Vma vma, long vaddr, long pmdAddr, long word, int flags) {
    boolean unshare = (flags & FAULT_FLAG_UNSHARE) != 0;
    long pfn = Pte.pfn(word);
    tables.lock(pmdAddr);
    boolean still =
        protocol.isStillPtep(sharing, vma, vaddr, pmdAddr) && Mem.longGetOpaque(pmdAddr) == word;
    boolean reuse = still && (Reservations.isShared(vma) || isReusable(vma, pfn));
    if (reuse && !unshare) {
      Pte.setWriteDirty(pmdAddr, word);
    } else if (still && !reuse) {
      frames.get(pfn); // what follows needs the page without the ptl
    }
    tables.unlock(pmdAddr);
    if (!still || reuse) {
      return 0;
    }
    try {
      return copy(cpu, vma, vaddr, pmdAddr, word, flags);
    } finally {
      frames.put(pfn);
    }
  }

  /** Mapped once means here: the caller holds the ptl, and fork the lock of the VMA. */
  private boolean isReusable(Vma vma, long pfn) {
    if (PageDesc.mapcountGetAcquire(phys, pfn) != 1 || !pageRmap.isAnon(pfn)) {
      return false;
    }
    if (!pageRmap.isAnonExclusive(pfn)) {
      pageRmap.moveAnonRmap(pfn, anonVma(vma));
      pageRmap.setAnonExclusive(pfn);
    }
    return true;
  }

  /** The caller has a reference to the old page. */
  private int copy(@Nullable Cpu cpu, Vma vma, long vaddr, long pmdAddr, long word, int flags) {
    boolean unshare = (flags & FAULT_FLAG_UNSHARE) != 0;
    long oldPfn = Pte.pfn(word);
    boolean fromOwner = vma.resvMap != null && pageRmap.isAnon(oldPfn);
    long pfn =
        reservations.allocFolio(
            vma, vaddr, fromOwner ? Reservations.Cow.FROM_OWNER : Reservations.Cow.NO);
    if (pfn == Buddy.NO_FRAME) {
      return fromOwner ? TAKE_BACK : VM_FAULT_SIGBUS;
    }
    if (!prepareAnon(vma, flags)) {
      reservations.restoreOnError(vma, vaddr, pfn);
      frames.put(pfn);
      return VM_FAULT_RETRY;
    }
    HugePages.copy(phys, oldPfn, pfn);
    PausePoint.reach("hugetlbWp.copied");
    long vmFlags = vma.vmFlagsGetOpaque();
    long copied = Pte.mkHuge(Pte.mkYoung(Pte.of(pfn, Pte.prot(vmFlags))));
    if (!unshare && (vmFlags & VM_WRITE) != 0) {
      copied = Pte.mkWrite(Pte.mkDirty(copied));
    }
    tables.lock(pmdAddr);
    boolean still = Mem.longGetOpaque(pmdAddr) == word;
    if (still) {
      // No CPU may go on reading the old page once one of them writes to the new one.
      Mem.longSetRelease(pmdAddr, 0);
      tlbFlush.range(vma.mm, vaddr, vaddr + HugePages.HPAGE_SIZE, cpu);
      pageRmap.remove(oldPfn);
      pageRmap.addNewAnon(pfn, vma, anonVma(vma), vaddr);
      Mem.longSetRelease(pmdAddr, copied);
    }
    tables.unlock(pmdAddr);
    if (!still) {
      reservations.restoreOnError(vma, vaddr, pfn);
    }
    frames.put(still ? oldPfn : pfn);
    return 0;
  }

  /**
   * Unmaps the page at {@code vaddr} from the private mappings that have no reservations of their
   * own. The caller holds no lock but that of the VMA.
   *
   * @kernel mm/hugetlb.c:unmap_ref_private
   */
  void takeBack(Vma vma, long vaddr, long pmdAddr) {
    tables.lock(pmdAddr);
    long word = Mem.longGetOpaque(pmdAddr);
    boolean present = Pte.isPresent(word);
    if (present) {
      frames.get(Pte.pfn(word));
    }
    tables.unlock(pmdAddr);
    if (!present) {
      return;
    }
    long pfn = Pte.pfn(word);
    PausePoint.reach("unmapRefPrivate.begin");
    AddressSpace mapping = HugePages.mapping(vma);
    long pgoff = vma.linearPageIndex(vaddr);
    mapping.iMmapRwsem.writeLock();
    try {
      for (Vma other = mapping.iMmap.firstOverlap(pgoff, pgoff);
          other != null;
          other = mapping.iMmap.nextOverlap(other, pgoff, pgoff)) {
        if (other != vma && !Reservations.isShared(other) && other.resvMap == null) {
          unmap.takeAway(other, pgoff, pfn);
        }
      }
    } finally {
      mapping.iMmapRwsem.writeUnlock();
    }
    frames.put(pfn);
  }

  /**
   * Gives a private VMA the anon_vma that it needs for pages of its own, which fork copies from
   * then on.
   *
   * @return false if the fault has to hold mmap_lock for it: that of a neighbour may do
   * @kernel mm/memory.c:__vmf_anon_prepare
   */
  boolean prepareAnon(Vma vma, int flags) {
    if (vma.anonVmaGetAcquire() != null) {
      return true;
    }
    boolean ofVma = (flags & FAULT_FLAG_VMA_LOCK) != 0;
    if (ofVma && !vma.mm.mmapLock.tryReadLock()) {
      return false;
    }
    try {
      AnonVma _ = anonVmas.prepare(vma);
    } finally {
      if (ofVma) {
        vma.mm.mmapLock.readUnlock();
      }
    }
    return true;
  }

  private static AnonVma anonVma(Vma vma) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma == null) {
      throw new KernelBug("no anon_vma for a huge page");
    }
    return anonVma;
  }
}
