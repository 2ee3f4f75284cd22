package org.jmmu.mm;

import static org.jmmu.types.FaultFlags.FAULT_FLAG_VMA_LOCK;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/** What all faults have in common that end with a new anonymous page. */
final class AnonPages {
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;

  AnonPages(AnonVmas anonVmas, PageRmap pageRmap) {
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
  }

  /**
   * The anon_vma for a new page; null if making one needs mmap_lock, and that would mean waiting.
   *
   * @kernel mm/memory.c:__vmf_anon_prepare
   */
  @Nullable AnonVma prepare(Vma vma, int flags) {
    AnonVma anonVma = vma.anonVmaGetAcquire();
    if (anonVma != null || (flags & FAULT_FLAG_VMA_LOCK) == 0) {
      return anonVma != null ? anonVma : anonVmas.prepare(vma);
    }
    // It may become that of a neighbour, which the VMA's own lock does not hold still.
    Mm mm = vma.mm;
    if (!mm.mmapLock.tryReadLock()) {
      return null;
    }
    try {
      return anonVmas.prepare(vma);
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /** Maps a page that nobody knows yet. The caller holds the ptl, and the entry is free. */
  void map(Vma vma, long vaddr, long pteAddr, long pfn, AnonVma anonVma) {
    pageRmap.addNewAnon(pfn, vma, anonVma, vaddr);
    long flags = vma.vmFlagsGetOpaque();
    long pteVal = Pte.mkDirty(Pte.mkYoung(Pte.of(pfn, Pte.prot(flags))));
    // Release: a CPU that walks to the page sees its content.
    Mem.longSetRelease(pteAddr, (flags & VM_WRITE) != 0 ? Pte.mkWrite(pteVal) : pteVal);
  }
}
