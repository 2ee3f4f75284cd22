package org.jmmu.filemap;

import static org.jmmu.phys.PageFlags.PG_SWAPBACKED;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.XArray;
import org.jspecify.annotations.Nullable;

/**
 * Finds, adds and removes pages of files.
 *
 * @kernel mm/filemap.c:filemap_get_entry, filemap_add_folio, filemap_remove_folio
 */
public final class PageCache {
  private static final int CACHE_AND_CALLER = 2;

  private final PhysMemory phys;
  private final Frames frames;
  private final SlotTable<MappingSlot> slots;

  public PageCache(PhysMemory phys, Frames frames, SlotTable<MappingSlot> slots) {
    this.phys = phys;
    this.frames = frames;
    this.slots = slots;
  }

  /** The file that a {@code mapping} word names; null if it names none. */
  public @Nullable AddressSpace of(long mappingWord) {
    return mappingWord != 0 && Slot.tag(mappingWord) == 0
        ? slots.get(mappingWord).mappingGetVolatile()
        : null;
  }

  /**
   * The page, with a reference for the caller, or {@link Buddy#NO_FRAME}. Takes no lock.
   *
   * @kernel mm/filemap.c:filemap_get_entry
   */
  public long findGet(AddressSpace mapping, long index) {
    while (true) {
      long pfn = mapping.pages.load(index);
      if (pfn == 0 || XArray.isValue(pfn)) {
        return Buddy.NO_FRAME;
      }
      if (!frames.getUnlessZero(pfn)) {
        continue; // on its way out of the cache
      }
      // Between the look and the reference the frame may have changed hands.
      if (mapping.pages.load(index) == pfn) {
        return pfn;
      }
      frames.put(pfn);
    }
  }

  /** As {@link #findGet}, locked, and then still in the cache. */
  public long findLock(AddressSpace mapping, long index) {
    while (true) {
      long pfn = findGet(mapping, index);
      if (pfn == Buddy.NO_FRAME) {
        return Buddy.NO_FRAME;
      }
      PausePoint.reach("findLock.found");
      PageLock.lock(phys, pfn);
      if (holds(mapping, index, pfn)) {
        return pfn;
      }
      unlockPut(pfn);
    }
  }

  /** Whether a page is the file's page {@code index}; stays so while the page is locked. */
  public boolean holds(AddressSpace mapping, long index, long pfn) {
    return PageDesc.mappingGetAcquire(phys, pfn) == mapping.handleGetVolatile()
        && mapping.handleGetVolatile() != 0
        && PageDesc.indexGetOpaque(phys, pfn) == index;
  }

  /**
   * Adds a new page, which the caller has locked.
   *
   * @return false if the cache has a page there by now
   */
  public boolean add(AddressSpace mapping, long index, long pfn) {
    mapping.iPagesLock.writeLock();
    try {
      if (mapping.pages.load(index) != 0) {
        return false;
      }
      PageDesc.indexSetOpaque(phys, pfn, index);
      PageDesc.mappingSetRelease(phys, pfn, handleLocked(mapping));
      if (mapping.isShmem()) {
        PageDesc.flagsGetAndOr(phys, pfn, PG_SWAPBACKED);
      }
      frames.get(pfn);
      mapping.pages.store(index, pfn);
      return true;
    } finally {
      mapping.iPagesLock.writeUnlock();
    }
  }

  /**
   * Frees a page that its file has on disk as well, or that is a hole's, if nobody uses it. The
   * page is locked, and the caller has a reference: both go with the page.
   *
   * @return false, with nothing changed, if somebody uses it, or has written to it
   * @kernel mm/vmscan.c:__remove_mapping
   */
  public boolean removeMapping(AddressSpace mapping, long pfn) {
    mapping.iPagesLock.writeLock();
    try {
      // Frozen, no lookup gets a reference: what is clean now stays so.
      if (!frames.freeze(pfn, CACHE_AND_CALLER)) {
        return false;
      }
      if ((PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_DIRTY) != 0) {
        frames.unfreeze(pfn, CACHE_AND_CALLER);
        return false;
      }
      mapping.pages.erase(PageDesc.indexGetOpaque(phys, pfn));
      PageDesc.mappingSetRelease(phys, pfn, 0);
    } finally {
      mapping.iPagesLock.writeUnlock();
    }
    PageLock.unlock(phys, pfn);
    frames.freeFrozen(pfn);
    return true;
  }

  /** The page is locked, mapped nowhere, and the caller has a reference of its own. */
  public void remove(AddressSpace mapping, long pfn) {
    mapping.iPagesLock.writeLock();
    mapping.pages.erase(PageDesc.indexGetOpaque(phys, pfn));
    PageDesc.mappingSetRelease(phys, pfn, 0);
    mapping.iPagesLock.writeUnlock();
    frames.put(pfn);
  }

  /**
   * Puts {@code newPfn} in the place of {@code pfn}. Both are locked and mapped nowhere; of the old
   * one, the cache has a reference and the caller another, which it keeps.
   *
   * @return false, with nothing changed, if anybody else has a reference to the old one
   * @kernel mm/migrate.c:folio_migrate_mapping
   */
  public boolean migrateMapping(AddressSpace mapping, long newPfn, long pfn) {
    mapping.iPagesLock.writeLock();
    try {
      // From here on a look into the cache finds a page without references, and tries again.
      if (!frames.freeze(pfn, CACHE_AND_CALLER)) {
        return false;
      }
      long index = PageDesc.indexGetOpaque(phys, pfn);
      PageDesc.indexSetOpaque(phys, newPfn, index);
      PageDesc.mappingSetRelease(phys, newPfn, PageDesc.mappingGetOpaque(phys, pfn));
      frames.get(newPfn);
      long flags = PageDesc.flagsGetAndClear(phys, pfn, PageFlags.PG_DIRTY);
      PageDesc.flagsGetAndOr(phys, newPfn, flags & (PageFlags.PG_DIRTY | PG_SWAPBACKED));
      mapping.pages.replace(index, newPfn);
      PageDesc.mappingSetRelease(phys, pfn, 0);
      frames.unfreeze(pfn, 1);
      return true;
    } finally {
      mapping.iPagesLock.writeUnlock();
    }
  }

  public boolean isUptodate(long pfn) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_UPTODATE) != 0;
  }

  /** Gives back what {@link #findLock} took. */
  public void unlockPut(long pfn) {
    PageLock.unlock(phys, pfn);
    frames.put(pfn);
  }

  /** The file is gone for good, and has no pages. */
  public void forget(AddressSpace mapping) {
    long handle = mapping.handleGetVolatile();
    if (handle != 0) {
      slots.free(slots.get(handle));
    }
  }

  private long handleLocked(AddressSpace mapping) {
    if (mapping.handleGetVolatile() == 0) {
      MappingSlot slot = slots.allocate();
      slot.mappingSetVolatile(mapping);
      mapping.handleSetVolatile(slot.handle());
    }
    return mapping.handleGetVolatile();
  }
}
