package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.function.Consumer;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.filemap.GetFolio;
import org.jmmu.filemap.ShmemUnuse;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapIn;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Switches a swap area off: brings back everything that is in it.
 *
 * @kernel mm/swapfile.c:SYSCALL_DEFINE1(swapoff), try_to_unuse
 */
public final class Swapoff {
  private final PhysMemory phys;
  private final Frames frames;
  private final PageTables tables;
  private final Swapfile swapfile;
  private final SwapCache swapCache;
  private final SwapIn swapIn;
  private final SwapFault swapFault;
  private final ShmemUnuse shmemUnuse;

  public Swapoff(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      Swapfile swapfile,
      SwapCache swapCache,
      SwapIn swapIn,
      HandleMmFault handleMmFault,
      ShmemUnuse shmemUnuse) {
    this.phys = phys;
    this.frames = frames;
    this.tables = tables;
    this.swapfile = swapfile;
    this.swapCache = swapCache;
    this.swapIn = swapIn;
    this.swapFault = handleMmFault.swapFault();
    this.shmemUnuse = shmemUnuse;
  }

  /**
   * Processes may go on meanwhile, and be forked, and end.
   *
   * @param mms all address spaces, those that come to be later included
   * @param mmput gives up the use of an address space, and tears it down if it was the last
   * @throws ErrnoException EINVAL if the area is not on; ENOMEM if there is no frame for a page;
   *     EINTR if the thread is interrupted; EIO if a page cannot be read, which Linux would replace
   *     by a mark that kills whoever accesses it. In all cases the area stays on, with what has not
   *     been brought back
   */
  public void swapoff(SwapInfo info, Iterable<Mm> mms, Consumer<Mm> mmput) {
    swapfile.beginSwapoff(info);
    boolean done = false;
    try {
      while (info.inUsePages() != 0) {
        tryToUnuse(info, mms, mmput);
      }
      done = true;
    } finally {
      if (done) {
        swapfile.endSwapoff(info);
      } else {
        swapfile.cancelSwapoff(info);
      }
    }
  }

  /** One round: what is forked, or being swapped out, meanwhile may need another. */
  private void tryToUnuse(SwapInfo info, Iterable<Mm> mms, Consumer<Mm> mmput) {
    long error = shmemUnuse.unuse(info, Swapoff::checkSignals);
    if (error != 0) {
      throw failure(error == GetFolio.NO_MEMORY);
    }
    for (Mm mm : mms) {
      if (mm.getUnlessZero()) {
        try {
          unuseMm(info, mm);
        } finally {
          mmput.accept(mm);
        }
      }
    }
    // What is left has no entry that names it any more, but has a copy in memory.
    for (long entry = info.nextEntry(0); entry != 0; entry = info.nextEntry(entry)) {
      checkSignals();
      long pfn = swapCache.findGet(entry);
      if (pfn != Buddy.NO_FRAME) {
        PageLock.lock(phys, pfn);
        freeSwapUnlockPut(entry, pfn);
      }
    }
    checkSignals();
  }

  private void unuseMm(SwapInfo info, Mm mm) {
    mm.mmapLock.readLock();
    try {
      for (Vma vma = mm.vmas.find(0); vma != null; vma = mm.vmas.next(vma)) {
        if (vma.anonVmaGetAcquire() != null) {
          unuseVma(info, vma);
        }
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  /**
   * @kernel mm/swapfile.c:unuse_pte_range
   */
  private void unuseVma(SwapInfo info, Vma vma) {
    long end = vma.vmEndGetOpaque();
    for (long at = vma.vmStartGetOpaque(); at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long firstPteAddr = tables.pteOffset(vma.mm, at);
      if (firstPteAddr != PageTables.NONE) {
        long pteAddr = firstPteAddr;
        for (long vaddr = at; vaddr < next; vaddr += PAGE_SIZE, pteAddr += Long.BYTES) {
          long pteVal = Mem.longGetAcquire(pteAddr);
          if (SwapPte.isSwapEntry(pteVal) && SwapPte.type(pteVal) == info.type()) {
            unuseEntry(vma, vaddr, pteAddr, pteVal);
          }
        }
      }
      at = next;
    }
  }

  private void unuseEntry(Vma vma, long vaddr, long pteAddr, long pteVal) {
    checkSignals();
    long entry = SwapPte.toEntry(pteVal);
    long pfn = swapIn.read(entry);
    if (pfn == SwapIn.GONE) {
      return;
    }
    if (pfn == SwapIn.NO_MEMORY || pfn == SwapIn.IO_ERROR) {
      if (Mem.longGetAcquire(pteAddr) != pteVal) {
        return;
      }
      throw failure(pfn == SwapIn.NO_MEMORY);
    }
    PausePoint.reach("unuse.found");
    PageLock.lock(phys, pfn);
    boolean done =
        !swapCache.holds(entry, pfn) || swapFault.unusePte(vma, vaddr, pteAddr, pteVal, pfn);
    freeSwapUnlockPut(entry, pfn);
    if (!done) {
      throw failure(true);
    }
  }

  private static ErrnoException failure(boolean noMemory) {
    return noMemory
        ? new ErrnoException(Errno.ENOMEM, "no frame for a page that is swapped out")
        : new ErrnoException(Errno.EIO, "a page that is swapped out cannot be read");
  }

  private void freeSwapUnlockPut(long entry, long pfn) {
    if (swapCache.holds(entry, pfn)) {
      boolean _ = swapCache.freeSwap(pfn);
    }
    PageLock.unlock(phys, pfn);
    frames.put(pfn);
  }

  private static void checkSignals() {
    if (Thread.interrupted()) {
      throw new ErrnoException(Errno.EINTR, "swapoff was interrupted");
    }
  }
}
