package org.jmmu.migrate;

import java.util.Arrays;
import org.jmmu.alloc.Frames;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;

/**
 * Pages that somebody has taken to move them: each with a reference, and marked, so that nobody
 * else takes it. For one thread.
 *
 * @kernel mm/vmscan.c:folio_isolate_lru, mm/migrate.c:putback_movable_pages
 */
public final class IsolatedPages {
  private static final int FIRST_CAPACITY = 32;

  private final PhysMemory phys;
  private final Frames frames;
  private long[] pfns = new long[FIRST_CAPACITY];
  private int nr;

  public IsolatedPages(PhysMemory phys, Frames frames) {
    this.phys = phys;
    this.frames = frames;
  }

  /**
   * Takes a page, and a reference to it; the caller has one or holds the ptl of an entry that has.
   *
   * @return false if somebody else has taken it
   */
  public boolean isolate(long pfn) {
    long before = PageDesc.flagsGetAndOr(phys, pfn, PageFlags.PG_ISOLATED);
    if ((before & PageFlags.PG_ISOLATED) != 0) {
      return false;
    }
    frames.get(pfn);
    if (nr == pfns.length) {
      pfns = Arrays.copyOf(pfns, 2 * nr);
    }
    pfns[nr++] = pfn;
    return true;
  }

  public int nr() {
    return nr;
  }

  public boolean isEmpty() {
    return nr == 0;
  }

  long pfn(int i) {
    return pfns[i];
  }

  /** Forgets one that is gone; the last one takes its place. */
  void forget(int i) {
    pfns[i] = pfns[--nr];
  }

  /** Lets go of all that are left. */
  public void putback() {
    for (int i = 0; i < nr; i++) {
      PageDesc.flagsGetAndClear(phys, pfns[i], PageFlags.PG_ISOLATED);
      frames.put(pfns[i]);
    }
    nr = 0;
  }
}
