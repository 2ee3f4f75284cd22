package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_WRITE;
import static org.jmmu.types.VmFault.VM_FAULT_OOM;
import static org.jmmu.types.VmFault.VM_FAULT_RETRY;
import static org.jmmu.types.VmFault.VM_FAULT_SIGBUS;
import static org.jmmu.types.VmFlags.VM_SHARED;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.GetFolio;
import org.jmmu.filemap.PageCache;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.PageRmap;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Vma;

/**
 * First touch of a page of a file. The page stays locked until the entry is set, so that
 * truncation, which locks each page that it drops, finds the entry or is not passed by.
 *
 * @kernel mm/memory.c:do_fault
 */
final class FileFault {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final PageRmap pageRmap;
  private final AnonPages anonPages;
  private final PageCache pageCache;
  private final GetFolio getFolio;
  private final FaultAround faultAround;

  FileFault(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      PageRmap pageRmap,
      AnonPages anonPages,
      PageCache pageCache,
      GetFolio getFolio) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.pageRmap = pageRmap;
    this.anonPages = anonPages;
    this.pageCache = pageCache;
    this.getFolio = getFolio;
    this.faultAround = new FaultAround(phys, frames, tables, pageRmap, pageCache);
  }

  int doFault(Vma vma, long vaddr, long pteAddr, int flags) {
    MappedFile file = vma.file;
    if (file == null) {
      return VM_FAULT_SIGBUS; // a mapping of the kernel's own, with nothing behind it
    }
    AddressSpace mapping = file.mapping;
    if ((flags & FAULT_FLAG_WRITE) == 0) {
      return readFault(vma, mapping, vaddr, pteAddr);
    }
    return (vma.vmFlagsGetOpaque() & VM_SHARED) == 0
        ? cowFault(vma, mapping, vaddr, pteAddr, flags)
        : sharedFault(vma, mapping, vaddr, pteAddr);
  }

  /**
   * @kernel mm/memory.c:do_read_fault
   */
  private int readFault(Vma vma, AddressSpace mapping, long vaddr, long pteAddr) {
    if (faultAround.mapPages(vma, mapping, vaddr, pteAddr)) {
      return 0;
    }
    long pfn = fetch(vma, mapping, vaddr);
    if (pfn < 0) {
      return reason(pfn);
    }
    finish(pteAddr, pfn, Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque())));
    return 0;
  }

  /**
   * @kernel mm/memory.c:do_shared_fault
   */
  private int sharedFault(Vma vma, AddressSpace mapping, long vaddr, long pteAddr) {
    long pfn = fetch(vma, mapping, vaddr);
    if (pfn < 0) {
      return reason(pfn);
    }
    PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_DIRTY);
    long pteVal = Pte.mkDirty(Pte.mkYoung(Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque()))));
    finish(pteAddr, pfn, Pte.mkWrite(pteVal));
    return 0;
  }

  /**
   * @kernel mm/memory.c:do_cow_fault
   */
  private int cowFault(Vma vma, AddressSpace mapping, long vaddr, long pteAddr, int flags) {
    AnonVma anonVma = anonPages.prepare(vma, flags);
    if (anonVma == null) {
      return VM_FAULT_RETRY;
    }
    long copy = frames.alloc(FrameType.USER);
    if (copy == Buddy.NO_FRAME) {
      return VM_FAULT_OOM;
    }
    long pfn = fetch(vma, mapping, vaddr);
    if (pfn < 0) {
      frames.put(copy);
      return reason(pfn);
    }
    phys.copyPage(pfn, copy);
    PausePoint.reach("doCowFault.copied");
    tables.lock(pteAddr);
    boolean still = Mem.longGetOpaque(pteAddr) == 0;
    if (still) {
      anonPages.map(vma, vaddr, pteAddr, copy, anonVma);
    }
    tables.unlock(pteAddr);
    pageCache.unlockPut(pfn);
    if (!still) {
      frames.put(copy);
    }
    return 0;
  }

  /** The page, locked and referenced, or what stands against it. */
  private long fetch(Vma vma, AddressSpace mapping, long vaddr) {
    return getFolio.lockedUptodate(mapping, vma.linearPageIndex(vaddr), GetFolio.Sgp.CACHE);
  }

  /** Sets the entry if it is free, and lets go of the page. @kernel mm/memory.c:finish_fault */
  private void finish(long pteAddr, long pfn, long pteVal) {
    PausePoint.reach("finishFault.begin");
    tables.lock(pteAddr);
    if (Mem.longGetOpaque(pteAddr) == 0) {
      frames.get(pfn);
      pageRmap.add(pfn);
      // Release: a CPU that walks to the page sees its content.
      Mem.longSetRelease(pteAddr, pteVal);
    }
    tables.unlock(pteAddr);
    pageCache.unlockPut(pfn);
  }

  private static int reason(long error) {
    return error == GetFolio.NO_MEMORY ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
  }
}
