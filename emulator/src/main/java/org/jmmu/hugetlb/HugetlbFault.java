package org.jmmu.hugetlb;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_UNSHARE;
import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.hw.Cpu;
import org.jmmu.lock.PageLock;
import org.jmmu.lock.RwSem;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Brings a huge page in.
 *
 * @kernel mm/hugetlb.c:hugetlb_fault, hugetlb_no_page
 */
public final class HugetlbFault {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final PageCache pageCache;
  private final Reservations reservations;
  private final FaultMutexTable mutexes;
  private final HugetlbWp wp;
  private final PmdSharing sharing;
  private final PmdSharingProtocol protocol;

  public HugetlbFault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      PageRmap pageRmap,
      PageCache pageCache,
      Reservations reservations,
      FaultMutexTable mutexes,
      HugetlbWp wp,
      PmdSharing sharing,
      PmdSharingProtocol protocol) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.pageCache = pageCache;
    this.reservations = reservations;
    this.mutexes = mutexes;
    this.wp = wp;
    this.sharing = sharing;
    this.protocol = protocol;
  }

  /**
   * The caller holds mmap_lock, or has locked the VMA itself and says so in {@code flags}.
   *
   * @param cpu the one that the caller runs on; null if it runs on none
   * @param flags {@link org.jmmu.types.FaultFlags}
   * @return {@link org.jmmu.types.VmFault}, 0 if the access is worth another try
   */
  public int fault(@Nullable Cpu cpu, Vma vma, long address, int flags) {
    long vaddr = address & HugePages.HPAGE_MASK;
    return protocol.hugetlbFault(this, cpu, vma, vaddr, flags);
  }

  public PmdSharing sharing() {
    return sharing;
  }

  /** The one of the page at {@code vaddr}. */
  public RwSem mutex(Vma vma, long vaddr) {
    return mutexes.of(HugePages.mapping(vma), HugePages.index(vma, vaddr));
  }

  /** After {@link HugetlbWp#TAKE_BACK}; the caller holds no lock but that of the VMA. */
  public void takeBack(Vma vma, long vaddr) {
    long pmdAddr = tables.hugePteOffset(vma.mm, vaddr);
    if (pmdAddr != PageTables.NONE) {
      wp.takeBack(vma, vaddr, pmdAddr);
    }
  }

  /** The caller holds the fault mutex. */
  public int faultLocked(@Nullable Cpu cpu, Vma vma, long vaddr, long pmdAddr, int flags) {
    PausePoint.reach("hugetlbFault.ptep");
    long word = Mem.longGetAcquire(pmdAddr);
    if (word == 0) {
      int result = noPage(vma, vaddr, pmdAddr, flags);
      word = Mem.longGetAcquire(pmdAddr);
      if (result != 0 || word == 0) {
        return result;
      }
    }
    if (!PageTables.isHuge(word)) {
      throw new KernelBug("a table where a huge page belongs, 0x" + Long.toHexString(word));
    }
    boolean writes = (flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) != 0;
    return writes && !Pte.isWrite(word) ? wp.doWp(cpu, vma, vaddr, pmdAddr, word, flags) : 0;
  }

  private int noPage(Vma vma, long vaddr, long pmdAddr, int flags) {
    if (vma.isResvUnmappedVolatile()) {
      return VM_FAULT_SIGBUS; // zeroes now would look as if the content had been lost
    }
    AddressSpace mapping = HugePages.mapping(vma);
    long index = HugePages.index(vma, vaddr);
    long pfn = pageCache.findLock(mapping, index << HugePages.HPAGE_ORDER);
    if (pfn != Buddy.NO_FRAME) {
      return mapFile(vma, vaddr, pmdAddr, pfn);
    }
    if (index >= mapping.sizeGetVolatile() >>> HugePages.HPAGE_SHIFT) {
      return VM_FAULT_SIGBUS;
    }
    PausePoint.reach("hugetlbNoPage.inFile");
    if (!Reservations.isShared(vma) && !wp.prepareAnon(vma, flags)) {
      return VM_FAULT_RETRY;
    }
    pfn = reservations.allocFolio(vma, vaddr, Reservations.Cow.NO);
    if (pfn == Buddy.NO_FRAME) {
      return VM_FAULT_SIGBUS;
    }
    HugePages.clear(phys, pfn);
    if (!Reservations.isShared(vma)) {
      return mapAnon(vma, vaddr, pmdAddr, pfn, flags);
    }
    addToPageCache(mapping, index, pfn);
    return mapFile(vma, vaddr, pmdAddr, pfn);
  }

  /**
   * The caller holds the fault mutex, so that nobody else can have added the page; it is locked
   * afterwards.
   *
   * @kernel mm/hugetlb.c:hugetlb_add_to_page_cache
   */
  void addToPageCache(AddressSpace mapping, long index, long pfn) {
    PageLock.lock(phys, pfn); // nobody else knows it
    if (!pageCache.add(mapping, index << HugePages.HPAGE_ORDER, pfn)) {
      throw new KernelBug("huge page " + index + " of a file comes in twice");
    }
    reservations.setUsed(pfn);
    PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_UPTODATE | PageFlags.PG_DIRTY);
  }

  /** The page is in the cache, locked and referenced; the entry takes the reference over. */
  private int mapFile(Vma vma, long vaddr, long pmdAddr, long pfn) {
    long flags = vma.vmFlagsGetOpaque();
    long word = Pte.mkHuge(Pte.mkYoung(Pte.of(pfn, Pte.prot(flags))));
    if ((flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE)) {
      word = Pte.mkWrite(Pte.mkDirty(word));
    }
    tables.lock(pmdAddr);
    boolean free =
        protocol.isStillPtep(sharing, vma, vaddr, pmdAddr) && Mem.longGetOpaque(pmdAddr) == 0;
    if (free) {
      pageRmap.add(pfn);
      sharing.setHugePte(vma.mm, vaddr, pmdAddr, word);
    }
    tables.unlock(pmdAddr);
    PageLock.unlock(phys, pfn);
    if (!free) {
      frames.put(pfn);
    }
    return 0;
  }

  private int mapAnon(Vma vma, long vaddr, long pmdAddr, long pfn, int flags) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma == null) {
      throw new KernelBug("no anon_vma for a huge page");
    }
    long vmFlags = vma.vmFlagsGetOpaque();
    long word = Pte.mkHuge(Pte.mkYoung(Pte.of(pfn, Pte.prot(vmFlags))));
    if ((flags & FAULT_FLAG_WRITE) != 0) {
      word = Pte.mkWrite(Pte.mkDirty(word));
    }
    tables.lock(pmdAddr);
    boolean free = Mem.longGetOpaque(pmdAddr) == 0;
    if (free) {
      pageRmap.addNewAnon(pfn, vma, anonVma, vaddr); // forgets how the page was reserved
      sharing.setHugePte(vma.mm, vaddr, pmdAddr, word);
    }
    tables.unlock(pmdAddr);
    if (!free) {
      reservations.restoreOnError(vma, vaddr, pfn);
      frames.put(pfn);
    }
    return 0;
  }
}
