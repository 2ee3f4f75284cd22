package org.jmmu.race.uffdmove;

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
 * As {@link org.jmmu.rmap.UffdMoveBoth}, with the two stores the other way round: whoever sees the
 * new anon_vma sees the new index. Whoever sees the old anon_vma does not get its lock before the
 * move is over. No kernel had this.
 *
 * @kernel mm/rmap.c:folio_lock_anon_vma_read, mm/userfaultfd.c:move_pages_pte
 */
final class UffdMoveBothIndexFirst implements UffdMoveProtocol {
  @Override
  public boolean lockFolio(Parts parts, long pfn) {
    return true; // an anonymous page's walk goes without
  }

  @Override
  public void unlockFolio(Parts parts, long pfn) {}

  @Override
  public @Nullable AnonVma folioLockAnonVmaRead(Parts parts, long pfn, RmapWalkControl rwc) {
    while (true) {
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
        if (PageDesc.mappingGetAcquire(parts.phys(), pfn) != mapping) {
          root.rwsem.readUnlock();
          Rcu.readUnlock();
          continue;
        }
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
      if (PageDesc.mappingGetAcquire(parts.phys(), pfn) != mapping) {
        anonVma.root().rwsem.readUnlock(); // before the put: the last one takes it for writing
        parts.anonVmas().put(anonVma);
        continue;
      }
      if (anonVma.refcountGetAndAdd(-1) == 1) {
        anonVma.root().rwsem.readUnlock();
        parts.anonVmas().putLast(anonVma);
        return null;
      }
      return anonVma;
    }
  }

  @Override
  public @Nullable Errno movePresentPte(Parts parts, MovePte move) {
    AnonVma srcAnonVma = parts.anonVmas().getMapped(move.pfn());
    if (srcAnonVma == null) {
      return Errno.EAGAIN;
    }
    srcAnonVma.root().rwsem.writeLock();
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
      long index = move.dstVma().linearPageIndex(move.dstVaddr());
      PageDesc.indexSetOpaque(parts.phys(), move.pfn(), index);
      PausePoint.reach("movePresentPte.index");
      parts.pageRmap().moveAnonRmap(move.pfn(), parts.anonVmas().ownOf(move.dstVma()));
      PausePoint.reach("movePresentPte.mapping");
      long dstPteVal = Pte.of(move.pfn(), Pte.prot(move.dstVma().vmFlagsGetOpaque()));
      dstPteVal = Pte.isDirty(srcPteVal) ? Pte.mkDirty(dstPteVal) : dstPteVal;
      Mem.longSetRelease(move.dstPteAddr(), Pte.mkWrite(Pte.mkYoung(dstPteVal)));
      return null;
    } finally {
      move.doublePtUnlock();
      srcAnonVma.root().rwsem.writeUnlock();
      parts.anonVmas().put(srcAnonVma);
    }
  }
}
