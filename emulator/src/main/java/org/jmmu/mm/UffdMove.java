package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_ACCESS_FLAGS;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_PKEY;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.MovePte;
import org.jmmu.rmap.PageRmap;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.uffd.UserfaultfdCtx;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages within an address space, without copying them, from one VMA to another or within one.
 * It holds mmap_lock for reading, as Linux 6.8 does (later ones hold the locks of the two VMAs): so
 * faults, and moves in the other direction, go on beside it. One page after the other is locked.
 *
 * @kernel mm/userfaultfd.c:move_pages
 */
final class UffdMove {
  private final Frames frames;
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final AnonVmas anonVmas;
  private final PageRmap pageRmap;
  private final SwapCache swapCache;
  private final Swapfile swapfile;
  private final HandleMmFault handleMmFault;
  private final UffdMoveProtocol protocol;
  private final UffdMoveProtocol.Parts parts;
  private final UffdMoveSwapProtocol swapProtocol;
  private final UffdMoveSwapProtocol.Parts swapParts;
  private final PhysMemory phys;
  private final long zeroPfn;

  UffdMove(
      Frames frames,
      AnonVmas anonVmas,
      HandleMmFault handleMmFault,
      UffdMoveProtocol protocol,
      UffdMoveProtocol.Parts parts,
      UffdMoveSwapProtocol swapProtocol,
      UffdMoveSwapProtocol.Parts swapParts,
      long zeroPfn) {
    this.frames = frames;
    this.anonVmas = anonVmas;
    this.handleMmFault = handleMmFault;
    this.protocol = protocol;
    this.parts = parts;
    this.swapProtocol = swapProtocol;
    this.swapParts = swapParts;
    this.phys = parts.phys();
    this.tables = parts.tables();
    this.tlbFlush = parts.tlbFlush();
    this.pageRmap = parts.pageRmap();
    this.swapCache = swapParts.swapCache();
    this.swapfile = swapParts.swapfile();
    this.zeroPfn = zeroPfn;
  }

  /**
   * @param srcHoles whether pages may be missing: then the destination stays without them, too
   * @return bytes done: less than {@code length} if something stood in the way behind that
   * @throws ErrnoException if nothing was done
   */
  long move(UserfaultfdCtx ctx, long dst, long src, long length, boolean srcHoles) {
    Mm mm = ctx.mm;
    mm.mmapLock.readLock();
    try {
      Vma dstVma = vmaAt(mm, dst);
      AnonVma _ = anonVmas.prepare(dstVma);
      Vma srcVma = vmaAt(mm, src);
      validateMoveAreas(ctx, srcVma, dstVma, src + length, dst + length);
      for (long done = 0; done < length; ) {
        Errno error = movePage(srcVma, dstVma, src + done, dst + done, srcHoles);
        if (error == null) {
          done += PAGE_SIZE;
        } else if (error != Errno.EAGAIN) {
          if (done > 0) {
            return done;
          }
          throw new ErrnoException(error, "move of 0x" + Long.toHexString(src));
        }
      }
      return length;
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  private static Vma vmaAt(Mm mm, long vaddr) {
    Vma vma = mm.vmas.find(vaddr);
    if (vma == null || vma.vmStartGetOpaque() > vaddr) {
      throw new ErrnoException(Errno.ENOENT, "nothing mapped at 0x" + Long.toHexString(vaddr));
    }
    return vma;
  }

  /**
   * @kernel mm/userfaultfd.c:validate_move_areas
   */
  private static void validateMoveAreas(
      UserfaultfdCtx ctx, Vma srcVma, Vma dstVma, long srcEnd, long dstEnd) {
    long src = srcVma.vmFlagsGetOpaque();
    long dst = dstVma.vmFlagsGetOpaque();
    boolean allowed =
        ((src | dst) & VM_SHARED) == 0
            && srcEnd <= srcVma.vmEndGetOpaque()
            && dstEnd <= dstVma.vmEndGetOpaque()
            && ((src ^ dst) & (VM_ACCESS_FLAGS | VM_LOCKED | VM_PKEY)) == 0
            && (src & VM_WRITE) != 0
            && UserfaultfdCtx.of(dstVma) == ctx
            && srcVma.isAnonymous()
            && dstVma.isAnonymous();
    if (!allowed) {
      throw new ErrnoException(Errno.EINVAL, "no moves from " + srcVma + " to " + dstVma);
    }
  }

  /**
   * @return null if it is done; EAGAIN if it is to be tried again
   * @kernel mm/userfaultfd.c:move_pages_pte
   */
  private @Nullable Errno movePage(
      Vma srcVma, Vma dstVma, long srcVaddr, long dstVaddr, boolean srcHoles) {
    long srcPteAddr = tables.pteOffset(srcVma.mm, srcVaddr);
    if (srcPteAddr == PageTables.NONE && !srcHoles) {
      return Errno.ENOENT;
    }
    long dstPteAddr = tables.pteAlloc(dstVma.mm, dstVaddr);
    if (srcPteAddr == PageTables.NONE) {
      srcPteAddr = tables.pteAlloc(srcVma.mm, srcVaddr);
    }
    if (dstPteAddr == PageTables.NONE || srcPteAddr == PageTables.NONE) {
      return Errno.ENOMEM;
    }
    if (Mem.longGetAcquire(dstPteAddr) != 0) {
      return Errno.EEXIST;
    }
    long srcPteVal = Mem.longGetAcquire(srcPteAddr);
    PausePoint.reach("movePages.looked");
    if (srcPteVal == 0) {
      return srcHoles ? null : Errno.ENOENT;
    }
    if (MigrationEntry.isMigrationEntry(srcPteVal)) {
      int _ = handleMmFault.migrationEntryWait(srcVma, srcVaddr, srcPteAddr);
      return Errno.EAGAIN;
    }
    long pfn = Pte.isPresent(srcPteVal) ? Pte.pfn(srcPteVal) : Buddy.NO_FRAME;
    MovePte move =
        new MovePte(
            tables, srcVma, dstVma, srcVaddr, dstVaddr, srcPteAddr, dstPteAddr, srcPteVal, pfn);
    if (!Pte.isPresent(srcPteVal)) {
      return moveSwapped(move);
    }
    return Pte.isSpecial(srcPteVal) ? moveZeroPage(move) : movePresent(move);
  }

  /**
   * @kernel mm/userfaultfd.c:move_zeropage_pte
   */
  private @Nullable Errno moveZeroPage(MovePte move) {
    long prot = Pte.prot(move.dstVma().vmFlagsGetOpaque());
    move.doublePtLock();
    try {
      if (!move.isStable()) {
        return Errno.EAGAIN;
      }
      Mem.longSetRelease(move.srcPteAddr(), 0);
      tlbFlush.page(move.srcVma().mm, move.srcVaddr(), null);
      Mem.longSetRelease(move.dstPteAddr(), Pte.mkSpecial(Pte.of(zeroPfn, prot)));
      return null;
    } finally {
      move.doublePtUnlock();
    }
  }

  private @Nullable Errno movePresent(MovePte move) {
    long pfn = move.pfn();
    tables.lock(move.srcPteAddr());
    boolean still = Mem.longGetOpaque(move.srcPteAddr()) == move.srcPteVal();
    boolean exclusive = still && pageRmap.isAnonExclusive(pfn);
    if (exclusive) {
      frames.get(pfn);
    }
    tables.unlock(move.srcPteAddr());
    if (!exclusive) {
      return still ? Errno.EBUSY : Errno.EAGAIN;
    }
    PageLock.lock(phys, pfn);
    try {
      // Reclaim and migration change the entry with the page locked: from here on they do not.
      return Mem.longGetAcquire(move.srcPteAddr()) == move.srcPteVal()
          ? protocol.movePresentPte(parts, move)
          : Errno.EAGAIN;
    } finally {
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
    }
  }

  private @Nullable Errno moveSwapped(MovePte move) {
    if (!SwapPte.isExclusive(move.srcPteVal())) {
      return Errno.EBUSY;
    }
    long entry = SwapPte.toEntry(move.srcPteVal());
    if (!swapfile.isInUse(entry)) {
      return Errno.EAGAIN;
    }
    long pfn = swapCache.findGet(entry);
    PausePoint.reach("movePages.swapCache");
    if (pfn == Buddy.NO_FRAME) {
      return swapProtocol.moveSwapPte(swapParts, move, pfn);
    }
    PageLock.lock(phys, pfn);
    try {
      return swapProtocol.moveSwapPte(swapParts, move, pfn);
    } finally {
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
    }
  }
}
