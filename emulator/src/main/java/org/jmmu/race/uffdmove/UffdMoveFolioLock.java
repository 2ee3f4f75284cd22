package org.jmmu.race.uffdmove;

import org.jmmu.lock.PageLock;
import org.jmmu.lock.Rcu;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.Slot;
import org.jmmu.rmap.MovePte;
import org.jmmu.rmap.RmapWalkControl;
import org.jmmu.rmap.UffdMoveProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Linux 6.19: a walk goes ahead only with the page locked, and so does the mover. Neither has to
 * look at mapping twice, and the mover leaves the anon_vma's lock alone; a walk that does not get
 * the page lock at once gives up, and takes the page for accessed.
 *
 * @kernel mm/rmap.c:folio_lock_anon_vma_read, mm/userfaultfd.c:move_pages_pte
 */
final class UffdMoveFolioLock implements UffdMoveProtocol {
  @Override
  public boolean lockFolio(Parts parts, long pfn) {
    return PageLock.tryLock(parts.phys(), pfn);
  }

  @Override
  public void unlockFolio(Parts parts, long pfn) {
    PageLock.unlock(parts.phys(), pfn);
  }

  @Override
  public @Nullable AnonVma folioLockAnonVmaRead(Parts parts, long pfn, RmapWalkControl rwc) {
    Rcu.readLock();
    long mapping = PageDesc.mappingGetAcquire(parts.phys(), pfn);
    if (Slot.tag(mapping) != PageFlags.PAGE_MAPPING_ANON
        || PageDesc.mapcountGetAcquire(parts.phys(), pfn) == 0) {
      Rcu.readUnlock();
      return null;
    }
    AnonVma anonVma = parts.anonVmas().slot(mapping);
    AnonVma root = anonVma.root();
    PausePoint.reach("folioLockAnonVmaRead.mapping");
    if (root.rwsem.tryReadLock()) {
      PausePoint.reach("folioLockAnonVmaRead.tried");
      // Still mapped: the anon_vma is alive, and the lock keeps it so.
      if (PageDesc.mapcountGetAcquire(parts.phys(), pfn) == 0) {
        root.rwsem.readUnlock();
        anonVma = null;
      }
      Rcu.readUnlock();
      return anonVma;
    }
    if (rwc.isTryLock()) {
      rwc.setContended();
      Rcu.readUnlock();
      return null;
    }
    if (!anonVma.getUnlessZero()) {
      Rcu.readUnlock();
      return null;
    }
    if (PageDesc.mapcountGetAcquire(parts.phys(), pfn) == 0) {
      Rcu.readUnlock();
      parts.anonVmas().put(anonVma);
      return null;
    }
    Rcu.readUnlock(); // pinned, it may be waited for
    PausePoint.reach("folioLockAnonVmaRead.pinned");
    anonVma.root().rwsem.readLock();
    if (anonVma.refcountGetAndAdd(-1) == 1) {
      anonVma.root().rwsem.readUnlock();
      parts.anonVmas().putLast(anonVma);
      return null;
    }
    return anonVma;
  }

  @Override
  public @Nullable Errno movePresentPte(Parts parts, MovePte move) {
    PausePoint.reach("movePresentPte.locked");
    move.doublePtLock();
    try {
      if (!move.isStable()) {
        return Errno.EAGAIN;
      }
      if (!parts.pageRmap().isAnonExclusive(move.pfn())
          || parts.pageRmap().maybeDmaPinned(move.pfn())) {
        return Errno.EBUSY;
      }
      long srcPteVal = Mem.longXchg(move.srcPteAddr(), 0);
      parts.tlbFlush().page(move.srcVma().mm, move.srcVaddr(), null);
      if (parts.pageRmap().maybeDmaPinned(move.pfn())) {
        Mem.longSetRelease(move.srcPteAddr(), srcPteVal);
        return Errno.EBUSY;
      }
      parts.pageRmap().moveAnonRmap(move.pfn(), parts.anonVmas().ownOf(move.dstVma()));
      PausePoint.reach("movePresentPte.mapping");
      long index = move.dstVma().linearPageIndex(move.dstVaddr());
      PageDesc.indexSetOpaque(parts.phys(), move.pfn(), index);
      PausePoint.reach("movePresentPte.index");
      long dstPteVal = Pte.of(move.pfn(), Pte.prot(move.dstVma().vmFlagsGetOpaque()));
      dstPteVal = Pte.isDirty(srcPteVal) ? Pte.mkDirty(dstPteVal) : dstPteVal;
      Mem.longSetRelease(move.dstPteAddr(), Pte.mkWrite(Pte.mkYoung(dstPteVal)));
      return null;
    } finally {
      move.doublePtUnlock();
    }
  }
}
