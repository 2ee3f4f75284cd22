package org.jmmu.rmap;

import java.util.concurrent.atomic.LongAdder;
import org.jmmu.filemap.PageCache;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.KsmStableNode;
import org.jspecify.annotations.Nullable;

/**
 * Visits every VMA that may map a page. Allocates nothing.
 *
 * @kernel mm/rmap.c:rmap_walk, rmap_walk_anon
 */
public final class RmapWalk {
  private final PhysMemory phys;
  private final AnonVmas anonVmas;
  private final PageCache pageCache;
  private final SlotTable<KsmStableNode> ksmNodes;
  private final VmaAdjustProtocol protocol;
  private final UffdMoveProtocol uffdMove;
  private final UffdMoveProtocol.Parts uffdMoveParts;
  private final LongAdder restarts = new LongAdder();
  private volatile @Nullable AnonVmaWatch watch;

  public RmapWalk(
      PhysMemory phys,
      AnonVmas anonVmas,
      PageCache pageCache,
      SlotTable<KsmStableNode> ksmNodes,
      UffdMoveProtocol uffdMove,
      UffdMoveProtocol.Parts uffdMoveParts) {
    this.phys = phys;
    this.anonVmas = anonVmas;
    this.pageCache = pageCache;
    this.ksmNodes = ksmNodes;
    this.protocol = anonVmas.protocol();
    this.uffdMove = uffdMove;
    this.uffdMoveParts = uffdMoveParts;
  }

  /** Has all walks without the page lock looked at; null for none. */
  public void watch(@Nullable AnonVmaWatch watch) {
    this.watch = watch;
  }

  /**
   * The caller holds the page lock, and an anonymous page is mapped or its anon_vma pinned: that
   * keeps mapping and index still.
   */
  public void walk(long pfn, RmapOne one, long arg) {
    long mappingWord = PageDesc.mappingGetAcquire(phys, pfn);
    if (Slot.tag(mappingWord) == PageFlags.PAGE_MAPPING_KSM) {
      KsmRmapWalk.walk(protocol, ksmNodes.get(mappingWord), pfn, one, arg);
      return;
    }
    long index = PageDesc.indexGetOpaque(phys, pfn);
    AnonVma anonVma = anonVmas.of(mappingWord);
    if (anonVma == null) {
      AddressSpace mapping = pageCache.of(mappingWord);
      if (mapping != null) {
        FileRmapWalk.walk(mapping, index, pfn, one, arg);
      }
      return;
    }
    int again = protocol.rmapWalkAnon(anonVma, pfn, index, one, arg);
    if (again != 0) {
      restarts.add(again);
    }
  }

  /**
   * For an anonymous page that is mapped, perhaps, and that others may move meanwhile; the caller
   * has a reference to it. Of the protocols of vma-adjust this wants one whose walks take the lock
   * of the root: {@link VmaAdjustRwsemInterval}.
   *
   * @return false if there was no walk: the page is not mapped, or somebody has a lock that is not
   *     waited for, as {@code rwc} says then
   * @kernel mm/rmap.c:rmap_walk_anon, without the folio lock
   */
  public boolean walkUnlocked(long pfn, RmapOne one, long arg, RmapWalkControl rwc) {
    if (!uffdMove.lockFolio(uffdMoveParts, pfn)) {
      rwc.setContended();
      return false;
    }
    try {
      AnonVma anonVma = uffdMove.folioLockAnonVmaRead(uffdMoveParts, pfn, rwc);
      if (anonVma == null) {
        return false;
      }
      AnonVmaWatch watching = watch;
      if (watching != null) {
        watching.locked(pfn, anonVma);
      }
      try {
        walkLocked(anonVma, pfn, one, arg);
      } finally {
        if (watching != null) {
          watching.unlocking(pfn, anonVma);
        }
        anonVma.root().rwsem.readUnlock();
      }
      return true;
    } finally {
      uffdMove.unlockFolio(uffdMoveParts, pfn);
    }
  }

  private void walkLocked(AnonVma anonVma, long pfn, RmapOne one, long arg) {
    long index = PageDesc.indexGetOpaque(phys, pfn);
    PausePoint.reach("walkUnlocked.index");
    for (AnonVmaChain avc = anonVma.rbRoot.firstOverlap(index, index);
        avc != null;
        avc = anonVma.rbRoot.nextOverlap(avc, index, index)) {
      long vaddr = protocol.vmaAddress(index, avc.vma);
      if (vaddr != VmaAdjustProtocol.EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
        break;
      }
    }
  }

  /**
   * Visits every VMA that may map a page of the window. No page lock is needed: the references that
   * the window's owner holds keep frames and indexes still, the pin keeps the anon_vma. A page that
   * meanwhile goes over to a child's anon_vma is found from the parent's as well.
   *
   * @return false, with nothing visited, if the protocol walks page by page, or if the page that
   *     was looked at is mapped nowhere any more
   */
  public boolean walkWindow(RmapWindow window, RmapWindow.One one) {
    AnonVma anonVma = anonVmas.getMapped(window.anyPfn());
    if (anonVma == null) {
      return false;
    }
    try {
      // Not the anon_vma of the others, if that page has just gone over to another.
      return (anonVma.handle() | PageFlags.PAGE_MAPPING_ANON) == window.mapping()
          && protocol.rmapWalkAnonWindow(anonVma, window, one);
    } finally {
      anonVmas.put(anonVma);
    }
  }

  /** How often walks have started over since {@link #reset}. */
  public long restarts() {
    return restarts.sum();
  }

  public void reset() {
    restarts.reset();
    watch = null;
  }
}
