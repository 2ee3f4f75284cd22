package org.jmmu.filemap;

import static org.jmmu.phys.PageFlags.PG_DIRTY;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.io.IOException;
import org.jmmu.alloc.Buddy;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Backing;
import org.jmmu.types.XArray;

/**
 * Stores dirty pages. An error is noted in the file, and the page counts as clean: each open file
 * reports it once, and then the bytes are lost, as they are in Linux.
 *
 * @kernel mm/page-writeback.c:write_cache_pages, mm/filemap.c:file_write_and_wait_range
 */
public final class Writeback {
  private final PhysMemory phys;
  private final PageCache pageCache;
  private final FolioMappers mappers;

  public Writeback(PhysMemory phys, PageCache pageCache, FolioMappers mappers) {
    this.phys = phys;
    this.pageCache = pageCache;
    this.mappers = mappers;
  }

  /** Stores what is dirty of the pages [{@code first}, {@code end}). */
  public void range(AddressSpace mapping, long first, long end) {
    Backing backing = mapping.backing;
    if (backing == null) {
      return;
    }
    long at = first;
    while (at < end && (at = mapping.pages.next(at)) != XArray.NONE && at < end) {
      long pfn = pageCache.findLock(mapping, at);
      if (pfn != Buddy.NO_FRAME) {
        boolean _ = write(backing, mapping, at, pfn);
        pageCache.unlockPut(pfn);
      }
      at++;
    }
    try {
      backing.sync();
    } catch (IOException e) {
      mapping.writebackFailed();
    }
  }

  /**
   * Stores a page, which is locked, if it is dirty. An error is the file's, as in {@link #range}.
   *
   * @return false if there was one
   */
  public boolean folio(AddressSpace mapping, long pfn) {
    Backing backing = mapping.backing;
    return backing != null && write(backing, mapping, PageDesc.indexGetOpaque(phys, pfn), pfn);
  }

  /** The page is locked. */
  private boolean write(Backing backing, AddressSpace mapping, long index, long pfn) {
    // Entries first: a write that comes after this faults, and makes the page dirty once more.
    boolean mapped = mappers.mkclean(mapping, index, pfn);
    PausePoint.reach("writeback.cleaned");
    boolean dirty = (PageDesc.flagsGetAndClear(phys, pfn, PG_DIRTY) & PG_DIRTY) != 0;
    long bytes = Math.min(PAGE_SIZE, mapping.sizeGetVolatile() - (index << PAGE_SHIFT));
    if ((dirty || mapped) && bytes > 0) {
      try {
        backing.writeFolio(index, phys.frameAddr(pfn), (int) bytes);
      } catch (IOException e) {
        mapping.writebackFailed();
        return false;
      }
    }
    return true;
  }
}
