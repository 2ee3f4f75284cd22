package org.jmmu.migrate;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.TryToMigrate;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;

/**
 * Moves an anonymous page to another frame, in two reverse-map walks.
 *
 * <pre>
 *   lock page ─▶ walk 1: entries become migration entries ─▶ copy ─▶ walk 2: they map the copy ─▶ unlock
 * </pre>
 *
 * Walk 2 must find every entry that walk 1 found. If it does not, the page is unlocked and freed
 * while an entry still says "wait for it".
 *
 * @kernel mm/migrate.c:unmap_and_move
 */
public final class MigratePages {
  /** How a migration ended. */
  public enum Result {
    /** The page lives in another frame now. */
    MIGRATED,
    /**
     * Somebody else holds a reference, or the page could not be unmapped: everything is as before.
     */
    EAGAIN,
    /** There is no frame to move to. */
    ENOMEM
  }

  /** What of a page's flags goes with its content. */
  private static final long STATE =
      PageFlags.PG_DIRTY
          | PageFlags.PG_REFERENCED
          | PageFlags.PG_SWAPBACKED
          | PageFlags.PG_UPTODATE;

  private final PhysMemory phys;
  private final Frames frames;
  private final AnonVmas anonVmas;
  private final RmapWalk rmapWalk;
  private final TryToMigrate tryToMigrate;
  private final RemoveMigrationPtes removeMigrationPtes;
  private final SwapCache swapCache;

  public MigratePages(
      PhysMemory phys,
      Frames frames,
      AnonVmas anonVmas,
      RmapWalk rmapWalk,
      TryToMigrate tryToMigrate,
      RemoveMigrationPtes removeMigrationPtes,
      SwapCache swapCache) {
    this.phys = phys;
    this.frames = frames;
    this.anonVmas = anonVmas;
    this.rmapWalk = rmapWalk;
    this.tryToMigrate = tryToMigrate;
    this.removeMigrationPtes = removeMigrationPtes;
    this.swapCache = swapCache;
  }

  /**
   * Migrates the page in frame {@code pfn}. The caller has isolated it: it holds one reference,
   * which this method drops in every case.
   */
  public Result migrate(long pfn) {
    long newPfn = frames.alloc(FrameType.USER);
    if (newPfn == Buddy.NO_FRAME) {
      frames.put(pfn);
      return Result.ENOMEM;
    }
    PageLock.lock(phys, pfn);
    Result result = moveLocked(pfn, newPfn);
    PageLock.unlock(phys, pfn);
    PausePoint.reach("migrate.unlocked");
    frames.put(pfn);
    frames.put(newPfn); // mapped by now, or of no use
    return result;
  }

  private Result moveLocked(long pfn, long newPfn) {
    // Once unmapped, nothing else keeps the anon_vma from being freed and reused.
    AnonVma anonVma = anonVmas.getMapped(pfn);
    if (anonVma == null && !swapCache.has(pfn)) {
      return Result.EAGAIN;
    }
    // A page of the swap cache that nobody maps: its anon_vma may be gone, so there is no walk.
    boolean mapped = anonVma != null;
    if (mapped) {
      rmapWalk.walk(pfn, tryToMigrate, 0);
    }
    PausePoint.reach("migrate.unmapped");
    boolean moved =
        PageDesc.mapcountGetAcquire(phys, pfn) == 0 && moveToNewPage(pfn, newPfn, mapped);
    if (!moved && mapped) {
      rmapWalk.walk(pfn, removeMigrationPtes, pfn);
    }
    if (anonVma != null) {
      anonVmas.put(anonVma);
    }
    return moved ? Result.MIGRATED : Result.EAGAIN;
  }

  /**
   * @return false if somebody else has a reference
   * @kernel mm/migrate.c:move_to_new_page
   */
  private boolean moveToNewPage(long pfn, long newPfn, boolean mapped) {
    boolean swapCached = swapCache.has(pfn);
    if (PageDesc.refcountGetAcquire(phys, pfn) != (swapCached ? 2 : 1)) {
      return false;
    }
    if (!PageLock.tryLock(phys, newPfn)) {
      throw new KernelBug("new frame " + newPfn + " is locked");
    }
    PageDesc.indexSetOpaque(phys, newPfn, PageDesc.indexGetOpaque(phys, pfn));
    PageDesc.mappingSetRelease(phys, newPfn, PageDesc.mappingGetOpaque(phys, pfn));
    phys.copyPage(pfn, newPfn);
    PageDesc.flagsGetAndOr(phys, newPfn, PageDesc.flagsGetAcquire(phys, pfn) & STATE);
    PausePoint.reach("migrate.copied");
    boolean moved = !swapCached || swapCache.migrateMapping(newPfn, pfn);
    if (moved && mapped) {
      rmapWalk.walk(newPfn, removeMigrationPtes, pfn);
    }
    PageLock.unlock(phys, newPfn);
    return moved;
  }
}
