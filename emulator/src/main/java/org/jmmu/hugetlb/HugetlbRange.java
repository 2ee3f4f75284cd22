package org.jmmu.hugetlb;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;

import org.jmmu.alloc.Frames;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * What fork, mprotect and mremap do to the entries of huge pages. The caller holds mmap_lock(W),
 * and has locked the VMA for writing.
 *
 * @kernel mm/hugetlb.c
 */
public final class HugetlbRange {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final PageRmap pageRmap;
  private final PmdSharing sharing;
  private final PmdSharingProtocol protocol;

  public HugetlbRange(
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      PmdSharing sharing,
      PmdSharingProtocol protocol) {
    this.sharing = sharing;
    this.protocol = protocol;
    this.frames = frames;
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.pageRmap = pageRmap;
  }

  /**
   * Gives a child the pages of a private mapping; neither side may write to them from now on. The
   * caller flushes the TLBs of the parent.
   *
   * @throws ErrnoException ENOMEM
   * @kernel mm/hugetlb.c:copy_hugetlb_page_range
   */
  public void copy(Mm child, Vma vma) {
    for (long at = vma.vmStartGetOpaque(); at < vma.vmEndGetOpaque(); at += HPAGE_SIZE) {
      long src = tables.hugePteOffset(vma.mm, at);
      if (src == PageTables.NONE) {
        continue;
      }
      long dst = tables.hugePteAlloc(child, at); // whether or not there is anything for it
      if (dst == PageTables.NONE) {
        throw new ErrnoException(Errno.ENOMEM, "no frame for a page table");
      }
      tables.lock(dst);
      SpinLock.lockNested(tables.ptl(src), LockClass.PTL, 1);
      long word = Pte.setWrProtect(src);
      if (word != 0) {
        long pfn = Pte.pfn(word);
        frames.get(pfn);
        pageRmap.clearAnonExclusive(pfn);
        pageRmap.add(pfn);
        Mem.longSetRelease(dst, Pte.wrProtect(word));
      }
      tables.unlock(src);
      tables.unlock(dst);
    }
  }

  /**
   * Gives the pages of a range the protection that their VMA has by now.
   *
   * @kernel mm/hugetlb.c:hugetlb_change_protection
   */
  public void changeProtection(Vma vma, long start, long end, long vmFlags) {
    protocol.lockForUnmap(vma);
    try {
      changeLocked(vma, start, end, vmFlags);
    } finally {
      protocol.unlockForUnmap(vma);
    }
  }

  private void changeLocked(Vma vma, long start, long end, long vmFlags) {
    Mm mm = vma.mm;
    boolean changed = false;
    long prot = Pte.prot(vmFlags);
    for (long at = start; at < end; at += HPAGE_SIZE) {
      long pmdAddr = tables.hugePteOffset(mm, at);
      if (pmdAddr == PageTables.NONE) {
        continue;
      }
      tables.lock(pmdAddr);
      if (sharing.unshare(vma, at, pmdAddr)) {
        tables.unlock(pmdAddr);
        sharing.flush(mm, at);
        at = PmdSharing.lastOfTable(at);
        continue;
      }
      // Take the word out first: hardware may be setting A or D in it.
      long word = Mem.longXchg(pmdAddr, 0);
      if (word != 0) {
        Mem.longSetRelease(pmdAddr, Pte.modify(word, prot));
        changed = true;
      }
      tables.unlock(pmdAddr);
    }
    if (changed) {
      tlbFlush.range(mm, start, end);
    }
  }

  /**
   * Moves the pages of a range elsewhere.
   *
   * @return bytes done: less than {@code length} if there was no frame for a table
   * @kernel mm/hugetlb.c:move_hugetlb_page_tables
   */
  public long move(Vma vma, long oldStart, long newStart, long length) {
    long done = 0;
    protocol.lockForUnmap(vma);
    try {
      for (; done < length; done += HPAGE_SIZE) {
        long src = tables.hugePteOffset(vma.mm, oldStart + done);
        if (src == PageTables.NONE) {
          continue;
        }
        if (giveUp(vma, oldStart + done, src)) {
          done = PmdSharing.lastOfTable(oldStart + done) - oldStart;
          continue; // accesses at the new place find the pages in the file
        }
        if (Mem.longGetAcquire(src) == 0) {
          continue;
        }
        long dst = tables.hugePteAlloc(vma.mm, newStart + done);
        if (dst == PageTables.NONE) {
          break;
        }
        moveWord(src, dst);
      }
      done = Math.min(done, length);
      tlbFlush.range(vma.mm, oldStart, oldStart + done);
    } finally {
      protocol.unlockForUnmap(vma);
    }
    return done;
  }

  private boolean giveUp(Vma vma, long vaddr, long pmdAddr) {
    tables.lock(pmdAddr);
    boolean shared = sharing.unshare(vma, vaddr, pmdAddr);
    tables.unlock(pmdAddr);
    if (shared) {
      sharing.flush(vma.mm, vaddr);
    }
    return shared;
  }

  private void moveWord(long src, long dst) {
    long srcPtl = tables.ptl(src);
    long dstPtl = tables.ptl(dst);
    SpinLock.lock(srcPtl, LockClass.PTL);
    if (dstPtl != srcPtl) {
      SpinLock.lockNested(dstPtl, LockClass.PTL, 1); // mmap_lock(W): no other thread holds two
    }
    Mem.longSetRelease(dst, Mem.longXchg(src, 0));
    if (dstPtl != srcPtl) {
      SpinLock.unlock(dstPtl, LockClass.PTL);
    }
    SpinLock.unlock(srcPtl, LockClass.PTL);
  }
}
