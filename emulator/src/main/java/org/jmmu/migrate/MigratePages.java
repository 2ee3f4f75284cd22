package org.jmmu.migrate;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.filemap.PageCache;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.rmap.RmapWalk;
import org.jmmu.rmap.TryToMigrate;
import org.jmmu.sched.PausePoint;
import org.jmmu.swap.SwapCache;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KernelBug;
import org.jmmu.types.KsmStableNode;
import org.jspecify.annotations.Nullable;

/**
 * Moves a page, anonymous or of a file, to another frame, in two reverse-map walks.
 *
 * <pre>
 *   lock page ─▶ walk 1: entries become migration entries ─▶ copy ─▶ walk 2: they map the copy ─▶ unlock
 * </pre>
 *
 * The copy takes the page's place in the page cache before walk 2. Whoever has a reference to the
 * page could still read or write the old frame: then the page stays where it is.
 *
 * <p>Walk 2 must find every entry that walk 1 found. If it does not, the page is unlocked and freed
 * while an entry still says "wait for it".
 *
 * @kernel mm/migrate.c:migrate_folio_unmap, migrate_folio_move
 */
public final class MigratePages {
  /** How a migration ended. */
  public enum Result {
    /** The page lives in another frame now, or was freed before that. */
    MIGRATED,
    /**
     * Somebody else holds a reference, or the page could not be unmapped: everything is as before.
     */
    EAGAIN,
    /** There is no frame to move to. */
    ENOMEM
  }

  /**
   * What a migration waits for.
   *
   * @kernel include/linux/migrate_mode.h:enum migrate_mode
   */
  public enum Mode {
    /** Nothing. */
    ASYNC,
    /** The page lock. */
    SYNC
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
  private final PageCache pageCache;
  private final RmapWalk rmapWalk;
  private final TryToMigrate tryToMigrate;
  private final RemoveMigrationPtes removeMigrationPtes;
  private final SwapCache swapCache;
  private final SlotTable<KsmStableNode> ksmNodes;
  private final MigrationTarget anywhere;

  public MigratePages(
      PhysMemory phys,
      Frames frames,
      Nodes nodes,
      AnonVmas anonVmas,
      PageCache pageCache,
      RmapWalk rmapWalk,
      TryToMigrate tryToMigrate,
      RemoveMigrationPtes removeMigrationPtes,
      SwapCache swapCache,
      SlotTable<KsmStableNode> ksmNodes) {
    this.phys = phys;
    this.frames = frames;
    this.anonVmas = anonVmas;
    this.pageCache = pageCache;
    this.rmapWalk = rmapWalk;
    this.tryToMigrate = tryToMigrate;
    this.removeMigrationPtes = removeMigrationPtes;
    this.swapCache = swapCache;
    this.ksmNodes = ksmNodes;
    this.anywhere = MigrationTarget.anywhere(frames, nodes);
  }

  /**
   * Migrates the page in frame {@code pfn}. The caller has isolated it: it holds one reference,
   * which this method drops in every case.
   */
  public Result migrate(long pfn) {
    Result result = tryMigrate(pfn, anywhere, Mode.SYNC);
    if (result != Result.MIGRATED) {
      frames.put(pfn);
    }
    return result;
  }

  /**
   * Tries once to migrate the page in frame {@code pfn}, to which the caller has a reference. If it
   * is migrated, that reference is dropped.
   */
  public Result tryMigrate(long pfn, MigrationTarget target, Mode mode) {
    if (PageDesc.refcountGetAcquire(phys, pfn) == 1) {
      frames.put(pfn); // everybody else is gone
      return Result.MIGRATED;
    }
    long newPfn = target.newFolio(pfn);
    if (newPfn == Buddy.NO_FRAME) {
      return Result.ENOMEM;
    }
    boolean migrated = lock(pfn, mode) && moveUnlocking(pfn, newPfn);
    if (migrated) {
      frames.put(pfn);
      frames.put(newPfn); // mapped by now, or in the page cache
    } else {
      target.putNewFolio(newPfn);
    }
    return migrated ? Result.MIGRATED : Result.EAGAIN;
  }

  private boolean lock(long pfn, Mode mode) {
    if (mode == Mode.ASYNC) {
      return PageLock.tryLock(phys, pfn);
    }
    PageLock.lock(phys, pfn);
    return true;
  }

  private boolean moveUnlocking(long pfn, long newPfn) {
    boolean moved = unmapAndMove(pfn, newPfn);
    PageLock.unlock(phys, pfn);
    PausePoint.reach("migrate.unlocked");
    return moved;
  }

  private boolean unmapAndMove(long pfn, long newPfn) {
    // A file cannot go while one of its pages is locked.
    AddressSpace mapping = pageCache.of(PageDesc.mappingGetAcquire(phys, pfn));
    // Once unmapped, nothing else keeps the anon_vma from being freed and reused.
    AnonVma anonVma = mapping == null ? anonVmas.getMapped(pfn) : null;
    boolean merged = Slot.tag(PageDesc.mappingGetAcquire(phys, pfn)) == PageFlags.PAGE_MAPPING_KSM;
    if (mapping == null && anonVma == null && !merged && !swapCache.has(pfn)) {
      return false; // truncated, unmapped just now, or not mapped yet
    }
    // A page of the swap cache that nobody maps: its anon_vma may be gone, so there is no walk.
    boolean wasMapped =
        mapping == null ? anonVma != null || merged : PageDesc.mapcountGetAcquire(phys, pfn) != 0;
    if (wasMapped) {
      rmapWalk.walk(pfn, tryToMigrate, 0);
    }
    PausePoint.reach("migrate.unmapped");
    boolean moved =
        PageDesc.mapcountGetAcquire(phys, pfn) == 0 && move(mapping, pfn, newPfn, wasMapped);
    if (wasMapped && !moved) {
      rmapWalk.walk(pfn, removeMigrationPtes, pfn);
    }
    if (anonVma != null) {
      anonVmas.put(anonVma);
    }
    return moved;
  }

  /** Moves the page, and makes every migration entry map the new frame. */
  private boolean move(@Nullable AddressSpace mapping, long pfn, long newPfn, boolean wasMapped) {
    if (!PageLock.tryLock(phys, newPfn)) {
      throw new KernelBug("new frame " + newPfn + " is locked");
    }
    boolean moved =
        mapping == null ? moveAnonFolio(pfn, newPfn) : moveFileFolio(mapping, pfn, newPfn);
    if (moved && wasMapped) {
      rmapWalk.walk(newPfn, removeMigrationPtes, pfn);
    }
    PageLock.unlock(phys, newPfn);
    return moved;
  }

  /**
   * @kernel mm/migrate.c:migrate_folio
   */
  private boolean moveAnonFolio(long pfn, long newPfn) {
    boolean swapCached = swapCache.has(pfn);
    if (PageDesc.refcountGetAcquire(phys, pfn) != (swapCached ? 2 : 1)) {
      return false;
    }
    PageDesc.indexSetOpaque(phys, newPfn, PageDesc.indexGetOpaque(phys, pfn));
    PageDesc.mappingSetRelease(phys, newPfn, PageDesc.mappingGetOpaque(phys, pfn));
    phys.copyPage(pfn, newPfn);
    copyFlags(pfn, newPfn);
    PausePoint.reach("migrate.copied");
    if (swapCached && !swapCache.migrateMapping(newPfn, pfn)) {
      PageDesc.mappingSetRelease(phys, newPfn, 0); // the frame may serve another page
      PageDesc.flagsGetAndClear(phys, newPfn, STATE);
      return false;
    }
    long mappingWord = PageDesc.mappingGetOpaque(phys, pfn);
    if (Slot.tag(mappingWord) == PageFlags.PAGE_MAPPING_KSM) {
      ksmNodes.get(mappingWord).migrate(newPfn);
    }
    return true;
  }

  /**
   * @kernel mm/migrate.c:filemap_migrate_folio
   */
  private boolean moveFileFolio(AddressSpace mapping, long pfn, long newPfn) {
    if (PageDesc.refcountGetAcquire(phys, pfn) != 2) {
      return false; // the cache's and the caller's, or else copying is in vain
    }
    phys.copyPage(pfn, newPfn);
    PausePoint.reach("migrate.fileCopied");
    if (!pageCache.migrateMapping(mapping, newPfn, pfn)) {
      return false;
    }
    // In the cache already, but locked and without its bytes as far as a reader can see.
    copyFlags(pfn, newPfn);
    PausePoint.reach("migrate.copied");
    return true;
  }

  /**
   * @kernel mm/migrate.c:folio_migrate_flags
   */
  private void copyFlags(long pfn, long newPfn) {
    PageDesc.flagsGetAndOr(phys, newPfn, PageDesc.flagsGetAcquire(phys, pfn) & STATE);
  }
}
