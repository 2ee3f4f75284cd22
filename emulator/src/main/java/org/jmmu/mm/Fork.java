package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.alloc.Frames;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Copies an address space: VMAs, and page-table entries that both sides share copy-on-write.
 *
 * @kernel kernel/fork.c:dup_mmap, mm/memory.c:copy_page_range
 */
public final class Fork {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;

  public Fork(
      Frames frames, PageTables tables, TlbFlush tlbFlush, AnonVmas anonVmas, PageRmap pageRmap) {
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.anonVmas = anonVmas;
    this.pageRmap = pageRmap;
  }

  /**
   * Fills {@code child}, a new and empty address space that nobody else uses yet.
   *
   * @throws ErrnoException ENOMEM; {@code child} then holds a part and is to be torn down
   */
  public void dupMmap(Mm parent, Mm child) {
    parent.mmapLock.writeLock();
    try {
      for (Vma vma = parent.vmas.find(0); vma != null; vma = parent.vmas.next(vma)) {
        Vma copy = vma.dup(child);
        anonVmas.fork(copy, vma);
        child.vmas.insert(copy);
        // Without an anon_vma the range holds nothing but the zero page: faults bring it back.
        if (vma.anonVmaGetAcquire() != null) {
          copyPageRange(child, vma);
        }
      }
    } finally {
      tlbFlush.range(parent, 0, Mman.TASK_SIZE);
      parent.mmapLock.writeUnlock();
    }
  }

  private void copyPageRange(Mm child, Vma vma) {
    long end = vma.vmEndGetOpaque();
    for (long at = vma.vmStartGetOpaque(); at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long src = tables.pteOffset(vma.mm, at);
      if (src != PageTables.NONE) {
        long dst = tables.pteAlloc(child, at);
        if (dst == PageTables.NONE) {
          throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
        }
        tables.lock(dst);
        SpinLock.lockNested(tables.ptl(src), LockClass.PTL, 1);
        copyEntries(src, dst, (next - at) / PAGE_SIZE);
        tables.unlock(src);
        tables.unlock(dst);
      }
      at = next;
    }
  }

  private void copyEntries(long src, long dst, long nr) {
    for (long offset = 0; offset < nr * Long.BYTES; offset += Long.BYTES) {
      long pteVal = Mem.longGetOpaque(src + offset);
      if (pteVal == 0) {
        continue;
      }
      if (Pte.isPresent(pteVal)) {
        pteVal = shareCopyOnWrite(src + offset, pteVal);
      } else if (MigrationEntry.isMigrationEntry(pteVal) && MigrationEntry.isWritable(pteVal)) {
        pteVal = MigrationEntry.toReadable(pteVal);
        Mem.longSetRelease(src + offset, pteVal);
      }
      Mem.longSetRelease(dst + offset, pteVal);
    }
  }

  private long shareCopyOnWrite(long src, long pteVal) {
    long shared = pteVal;
    if (Pte.isWrite(pteVal)) {
      shared = Pte.setWrProtect(src);
    }
    if (!Pte.isSpecial(shared)) {
      long pfn = Pte.pfn(shared);
      frames.get(pfn);
      pageRmap.add(pfn);
    }
    return Pte.mkOld(Pte.wrProtect(shared));
  }
}
