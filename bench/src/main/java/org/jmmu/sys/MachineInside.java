package org.jmmu.sys;

import static org.jmmu.alloc.Buddy.NO_FRAME;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Objects;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.FolioReferenced;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.RmapWindow;
import org.jmmu.rmap.TryToUnmap;
import org.jmmu.rmap.VmaAdjustProtocol;
import org.jmmu.rmap.WindowReferenced;
import org.jmmu.swap.EntryEncoding;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/** What benchmarks do to a machine below its system calls. For one thread; allocates nothing. */
public final class MachineInside {
  private final Kernel kernel;
  private final PhysMemory phys;
  private final PageTables tables;
  private final RmapWalk rmapWalk;
  private final VmaAdjustProtocol protocol;
  private final AnonVmas anonVmas;
  private final FolioReferenced folioReferenced;
  private final RmapWindow window;
  private final WindowReferenced windowReferenced;
  private final PageRmap pageRmap;
  private final TlbFlush tlbFlush;
  private final SwapCache swapCache;
  private final TryToUnmap tryToUnmap;

  public MachineInside(Machine machine) {
    kernel = machine.kernel();
    phys = kernel.phys;
    tables = kernel.tables;
    rmapWalk = kernel.rmapWalk;
    protocol = kernel.config.protocol(VmaAdjustProtocol.class);
    anonVmas = new AnonVmas(phys, kernel.anonVmaSlots, kernel.failAlloc, protocol);
    folioReferenced = new FolioReferenced(tables);
    window = new RmapWindow(phys);
    windowReferenced = new WindowReferenced(tables);
    pageRmap = new PageRmap(phys);
    tlbFlush = new TlbFlush(kernel.cpus, kernel.switchMm);
    swapCache = new SwapCache(phys, kernel.frames, kernel.swapfile);
    tryToUnmap =
        new TryToUnmap(
            phys,
            kernel.frames,
            tables,
            tlbFlush,
            pageRmap,
            kernel.swapfile,
            swapCache,
            EntryEncoding.INVERTED);
  }

  /** Address of the word that maps a page. */
  public long pteAddr(Process process, long vaddr) {
    long pteAddr = tables.pteOffset(process.mm(), vaddr);
    if (pteAddr == PageTables.NONE) {
      throw new IllegalStateException("no page table for 0x" + Long.toHexString(vaddr));
    }
    return pteAddr;
  }

  /** Frame of a page. */
  public long pfn(Process process, long vaddr) {
    return Pte.pfn(Mem.longGetOpaque(pteAddr(process, vaddr)));
  }

  /** One walk over all mappings of a frame: finds each entry, tests and clears its A bit. */
  public void walkReferenced(long pfn) {
    PageLock.lock(phys, pfn);
    try {
      rmapWalk.walk(pfn, folioReferenced, 0);
    } finally {
      PageLock.unlock(phys, pfn);
    }
  }

  /** The same for pages [{@code from}, {@code to}), which are neighbours, by one walk for all. */
  public void walkReferenced(long[] pfns, int from, int to) {
    window.clear();
    for (int i = from; i < to; i++) {
      if (window.add(pfns[i]) < 0) {
        throw new IllegalStateException("not in one window");
      }
    }
    if (!rmapWalk.walkWindow(window, windowReferenced)) {
      throw new IllegalStateException("this protocol walks page by page");
    }
  }

  /** Entries found young by the walks since the last call. */
  public int takeReferenced() {
    return folioReferenced.takeReferenced() + windowReferenced.takeReferenced();
  }

  /**
   * Moves the boundary between the VMA at an address and the one behind it, both faulted before:
   * what race vma-adjust is about, and no more. The tree of VMAs is not told, and has the boundary
   * in its old place; it is to be moved back there.
   */
  public void vmaAdjust(Process process, long vaddr, long boundary) {
    Mm mm = process.mm();
    mm.mmapLock.writeLock();
    Vma vma = Objects.requireNonNull(mm.vmas.find(vaddr));
    Vma next = Objects.requireNonNull(mm.vmas.next(vma));
    vma.startWrite();
    next.startWrite();
    protocol.vmaAdjust(
        anonVmas, vma, vma.vmStartGetOpaque(), boundary, vma.vmPgoffGetOpaque(), null);
    mm.mmapLock.writeUnlock();
  }

  /** Puts an anonymous page into the swap cache. */
  public void addToSwap(long pfn) {
    PageLock.lock(phys, pfn);
    boolean added = swapCache.addToSwap(pfn);
    PageLock.unlock(phys, pfn);
    if (!added) {
      throw new IllegalStateException("no slot");
    }
  }

  /** One walk over all mappings of a page of the swap cache: each becomes a swap entry. */
  public void tryToUnmap(long pfn) {
    PageLock.lock(phys, pfn);
    rmapWalk.walk(pfn, tryToUnmap, 0);
    PageLock.unlock(phys, pfn);
  }

  /** Turns the swap entry of a page back into what was there before. */
  public void mapAgain(long pteAddr, long pteVal) {
    long pfn = Pte.pfn(pteVal);
    if (SwapPte.toEntry(Mem.longGetOpaque(pteAddr)) != swapCache.entry(pfn)) {
      throw new IllegalStateException("not the swap entry of frame " + pfn);
    }
    tables.lock(pteAddr);
    kernel.frames.get(pfn);
    pageRmap.add(pfn);
    Mem.longSetRelease(pteAddr, pteVal);
    swapCache.freeEntry(swapCache.entry(pfn));
    tables.unlock(pteAddr);
  }

  /**
   * Takes the pages out of a range of which all are present: what madvise(MADV_DONTNEED) does, with
   * no list of what to free, and hence nothing to allocate.
   */
  public void discard(Process process, long vaddr, int nrPages, long[] pfns) {
    for (int i = 0; i < nrPages; i++) {
      long pteAddr = pteAddr(process, vaddr + i * PAGE_SIZE);
      tables.lock(pteAddr);
      long pteVal = Mem.longXchg(pteAddr, 0);
      pfns[i] = Pte.isSpecial(pteVal) ? NO_FRAME : Pte.pfn(pteVal);
      if (pfns[i] != NO_FRAME) {
        pageRmap.remove(pfns[i]);
      }
      tables.unlock(pteAddr);
    }
    tlbFlush.range(process.mm(), vaddr, vaddr + nrPages * PAGE_SIZE);
    for (int i = 0; i < nrPages; i++) {
      if (pfns[i] != NO_FRAME) {
        kernel.frames.put(pfns[i]);
      }
    }
  }

  /** Leaves a range of present pages as a fork does whose child is gone already. */
  public void loseExclusive(Process process, long vaddr, int nrPages) {
    for (int i = 0; i < nrPages; i++) {
      long pteAddr = pteAddr(process, vaddr + i * PAGE_SIZE);
      tables.lock(pteAddr);
      pageRmap.clearAnonExclusive(Pte.pfn(Pte.setWrProtect(pteAddr)));
      tables.unlock(pteAddr);
    }
    tlbFlush.range(process.mm(), vaddr, vaddr + nrPages * PAGE_SIZE);
  }

  /** Maps the pages of one process in another that has none there, as a fork would have done. */
  public void share(Process from, Process to, long vaddr, int nrPages) {
    for (int i = 0; i < nrPages; i++) {
      long pteVal = Mem.longGetOpaque(pteAddr(from, vaddr + i * PAGE_SIZE));
      kernel.frames.get(Pte.pfn(pteVal));
      long pteAddr = pteAddr(to, vaddr + i * PAGE_SIZE);
      tables.lock(pteAddr);
      pageRmap.add(Pte.pfn(pteVal));
      Mem.longSetRelease(pteAddr, Pte.mkOld(Pte.wrProtect(pteVal)));
      tables.unlock(pteAddr);
    }
  }
}
