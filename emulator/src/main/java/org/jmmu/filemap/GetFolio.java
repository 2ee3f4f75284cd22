package org.jmmu.filemap;

import java.io.IOException;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.FailAlloc;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Backing;
import org.jmmu.types.XArray;

/**
 * A page of a file with its bytes in it: from the cache, read, or zeroed.
 *
 * @kernel mm/filemap.c:filemap_fault, mm/shmem.c:shmem_get_folio_gfp
 */
public final class GetFolio {
  /** Instead of a frame: the page lies behind the end of the file. */
  public static final long BEYOND_EOF = -1;

  /** Instead of a frame: the page could not be read. */
  public static final long IO_ERROR = -2;

  /** Instead of a frame: there is none. */
  public static final long NO_MEMORY = -3;

  /** Which pages may be made. @kernel include/linux/shmem_fs.h:enum sgp_type */
  public enum Sgp {
    /** Those up to the end of the file. */
    CACHE,
    /** All: the caller is about to write, and will move the end. */
    WRITE
  }

  private final PhysMemory phys;
  private final Frames frames;
  private final PageCache pageCache;
  private final ShmemSwap shmemSwap;
  private final FailAlloc failAlloc;

  public GetFolio(
      PhysMemory phys,
      Frames frames,
      PageCache pageCache,
      ShmemSwap shmemSwap,
      FailAlloc failAlloc) {
    this.phys = phys;
    this.frames = frames;
    this.pageCache = pageCache;
    this.shmemSwap = shmemSwap;
    this.failAlloc = failAlloc;
  }

  /**
   * The page, locked and with a reference for the caller, or one of the negative numbers above.
   * Called without page locks. Until the page is unlocked it stays in the cache.
   */
  public long lockedUptodate(AddressSpace mapping, long index, Sgp sgp) {
    while (true) {
      if (sgp == Sgp.CACHE && index >= mapping.nrPagesGetVolatile()) {
        return BEYOND_EOF;
      }
      long pfn = pageCache.findLock(mapping, index);
      if (pfn != Buddy.NO_FRAME && !pageCache.isUptodate(pfn)) {
        PageLock.unlock(phys, pfn); // invalidate_lock goes first
        frames.put(pfn);
        pfn = Buddy.NO_FRAME;
      }
      if (pfn == Buddy.NO_FRAME) {
        pfn = make(mapping, index, sgp);
      }
      if (pfn == BEYOND_EOF || pfn == Buddy.NO_FRAME) {
        continue; // the file, or its cache, has changed meanwhile
      }
      if (pfn < 0) {
        return pfn;
      }
      PausePoint.reach("getFolio.locked");
      // Truncation shortens the file first and takes the pages out then, each one locked.
      if (sgp == Sgp.CACHE && index >= mapping.nrPagesGetVolatile()) {
        pageCache.unlockPut(pfn);
        return BEYOND_EOF;
      }
      return pfn;
    }
  }

  /** A page without content is in the cache already, or made; {@code NO_FRAME} = try again. */
  private long make(AddressSpace mapping, long index, Sgp sgp) {
    // Against truncation and hole punching, which would not see a page that comes later.
    mapping.invalidateLock.readLock();
    try {
      if (sgp == Sgp.CACHE && index >= mapping.nrPagesGetVolatile()) {
        return BEYOND_EOF;
      }
      long pfn = pageCache.findLock(mapping, index);
      if (pfn == Buddy.NO_FRAME) {
        long value = mapping.pages.load(index);
        if (XArray.isValue(value)) {
          return shmemSwap.swapIn(mapping, index, value);
        }
        pfn = frames.alloc(FrameType.USER);
        if (pfn == Buddy.NO_FRAME) {
          return NO_MEMORY;
        }
        PageLock.lock(phys, pfn); // nobody else knows it
        if (failAlloc.shouldFail("radix_tree_node")) {
          pageCache.unlockPut(pfn);
          return NO_MEMORY;
        }
        if (!pageCache.add(mapping, index, pfn)) {
          pageCache.unlockPut(pfn);
          return Buddy.NO_FRAME;
        }
      }
      if (!pageCache.isUptodate(pfn) && !read(mapping, index, pfn)) {
        pageCache.remove(mapping, pfn);
        pageCache.unlockPut(pfn);
        return IO_ERROR;
      }
      return pfn;
    } finally {
      mapping.invalidateLock.readUnlock();
    }
  }

  private boolean read(AddressSpace mapping, long index, long pfn) {
    Backing backing = mapping.backing;
    if (backing == null) {
      phys.clearPage(pfn);
    } else {
      try {
        backing.readFolio(index, phys.frameAddr(pfn));
      } catch (IOException e) {
        return false;
      }
    }
    // The atomic operation orders the bytes before the flag.
    PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_UPTODATE);
    return true;
  }
}
