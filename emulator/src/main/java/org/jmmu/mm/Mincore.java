package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Arrays;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.PageCache;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.types.XArray;

/**
 * Which pages are in memory.
 *
 * @kernel mm/mincore.c
 */
public final class Mincore {
  private final Frames frames;
  private final PageTables tables;
  private final PageCache pageCache;
  private final SwapCache swapCache;

  public Mincore(Frames frames, PageTables tables, PageCache pageCache, SwapCache swapCache) {
    this.frames = frames;
    this.tables = tables;
    this.pageCache = pageCache;
    this.swapCache = swapCache;
  }

  /**
   * @return a byte a page: 1 = in memory
   * @throws ErrnoException EINVAL if unaligned, ENOMEM if something is not mapped
   */
  public byte[] mincore(Mm mm, long vaddr, long length) {
    Mman.checkAligned(vaddr);
    if (!Mman.isUserRange(vaddr, length)) {
      throw new ErrnoException(Errno.ENOMEM, "mincore beyond the user address space");
    }
    byte[] vec = new byte[Math.toIntExact(Mman.pageAlign(length) >>> PAGE_SHIFT)];
    mm.mmapLock.readLock();
    try {
      for (int done = 0; done < vec.length; ) {
        long at = vaddr + done * PAGE_SIZE;
        Vma vma = mm.vmas.find(at);
        if (vma == null || vma.vmStartGetOpaque() > at) {
          throw new ErrnoException(Errno.ENOMEM, "nothing mapped at 0x" + Long.toHexString(at));
        }
        long pages = Math.min(vec.length - done, (vma.vmEndGetOpaque() - at) >>> PAGE_SHIFT);
        look(vma, at, vec, done, done + (int) pages);
        done += (int) pages;
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    return vec;
  }

  private void look(Vma vma, long vaddr, byte[] vec, int first, int end) {
    if (!canDoMincore(vma)) {
      Arrays.fill(vec, first, end, (byte) 1);
      return;
    }
    if (HugePages.isHugetlb(vma)) {
      for (int i = first; i < end; i++) {
        vec[i] = (byte) (isHugeInCore(vma, vaddr + (i - first) * PAGE_SIZE) ? 1 : 0);
      }
      return;
    }
    for (int i = first; i < end; i++) {
      long at = vaddr + (i - first) * PAGE_SIZE;
      long pteVal = entry(vma.mm, at);
      boolean present =
          SwapPte.isSwapEntry(pteVal)
              ? isSwapCached(SwapPte.toEntry(pteVal))
              : pteVal != 0 || isCached(vma, at);
      vec[i] = (byte) (present ? 1 : 0);
    }
  }

  /** What the cache of a file that one may not write holds is nobody's business. */
  private static boolean canDoMincore(Vma vma) {
    MappedFile file = vma.file;
    return vma.isAnonymous() || (file != null && file.isWritable());
  }

  private long entry(Mm mm, long vaddr) {
    long pteAddr = tables.pteOffset(mm, vaddr);
    return pteAddr == PageTables.NONE ? 0 : Mem.longGetAcquire(pteAddr);
  }

  /** What is in the cache and not mapped counts only where the gigabyte has no table at all. */
  private boolean isHugeInCore(Vma vma, long vaddr) {
    long pmdAddr = tables.hugePteOffset(vma.mm, vaddr);
    return pmdAddr == PageTables.NONE
        ? isCached(vma, vaddr & HugePages.HPAGE_MASK)
        : Mem.longGetAcquire(pmdAddr) != 0;
  }

  private boolean isSwapCached(long entry) {
    long pfn = swapCache.findGet(entry);
    if (pfn == Buddy.NO_FRAME) {
      return false;
    }
    boolean uptodate = pageCache.isUptodate(pfn);
    frames.put(pfn);
    return uptodate;
  }

  private boolean isCached(Vma vma, long vaddr) {
    if (vma.file == null) {
      return false;
    }
    long found = vma.file.mapping.pages.load(vma.linearPageIndex(vaddr));
    if (XArray.isValue(found)) {
      return isSwapCached(XArray.entryOf(found));
    }
    long pfn = pageCache.findGet(vma.file.mapping, vma.linearPageIndex(vaddr));
    if (pfn == Buddy.NO_FRAME) {
      return false;
    }
    boolean uptodate = pageCache.isUptodate(pfn);
    frames.put(pfn);
    return uptodate;
  }
}
