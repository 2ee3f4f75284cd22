package org.jmmu.swap;

import static org.jmmu.phys.PageFlags.PG_UPTODATE;

import java.io.IOException;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;

/**
 * Brings pages from swap areas into the swap cache. One at a time: there is no read-ahead.
 *
 * @kernel mm/swap_state.c:read_swap_cache_async
 */
public final class SwapIn {
  /** Instead of a frame: no entry names the slot any more. */
  public static final long GONE = 0;

  /** Instead of a frame: there is none. */
  public static final long NO_MEMORY = -1;

  /** Instead of a frame: the area could not be read. The slot keeps what it has. */
  public static final long IO_ERROR = -2;

  private final PhysMemory phys;
  private final Frames frames;
  private final Swapfile swapfile;
  private final SwapCache swapCache;

  public SwapIn(PhysMemory phys, Frames frames, Swapfile swapfile, SwapCache swapCache) {
    this.phys = phys;
    this.frames = frames;
    this.swapfile = swapfile;
    this.swapCache = swapCache;
  }

  /**
   * The page of a slot, from the swap cache or read into it, with a reference for the caller. It is
   * to be locked, and then to be looked at again: {@link SwapCache#holds}.
   *
   * @return its frame, or one of the values above
   */
  public long read(long entry) {
    while (true) {
      long pfn = swapCache.findGet(entry);
      if (pfn != Buddy.NO_FRAME) {
        return pfn;
      }
      pfn = frames.alloc(FrameType.USER);
      if (pfn == Buddy.NO_FRAME) {
        return NO_MEMORY;
      }
      PausePoint.reach("swapIn.allocated");
      PageLock.lock(phys, pfn);
      if (swapCache.add(entry, pfn)) {
        return readLocked(entry, pfn);
      }
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
      if (!swapfile.isInUse(entry)) {
        return GONE;
      }
    }
  }

  /**
   * Reads a page that has just entered the swap cache, and unlocks it. One that cannot be read
   * leaves the cache at once, so that the next access tries again.
   */
  private long readLocked(long entry, long pfn) {
    SwapInfo info = swapfile.infoOf(entry);
    try {
      if (info == null) {
        throw new IOException("the swap area is gone"); // not while the slot has a page
      }
      info.read(SwpEntry.offset(entry), phys.frameAddr(pfn));
      PageDesc.flagsGetAndOr(phys, pfn, PG_UPTODATE);
      PausePoint.reach("swapIn.read");
      PageLock.unlock(phys, pfn);
      return pfn;
    } catch (IOException e) {
      swapCache.delete(pfn);
      PageLock.unlock(phys, pfn);
      frames.put(pfn);
      return IO_ERROR;
    }
  }
}
