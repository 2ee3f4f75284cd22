package org.jmmu.race.mpxunmap;

import org.jmmu.mm.UserAccess.Faults;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.BoundsTables.Neighbours;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Proposed in October 2014, never merged: a semaphore of the directory, outside mmap_lock. Entries
 * are cleared before the unmapping, under mmap_lock(R); tables are unmapped after it. #BR takes the
 * semaphore for reading.
 *
 * <p>The proposal lets the access to the directory fault while mmap_lock(R) is held. That takes
 * mmap_lock(R) a second time, and deadlocks if a writer has queued in between; here the page is
 * brought in by get_user_pages instead. The part of a table that is shared with neighbours is
 * zapped at the same time as entries are cleared.
 */
final class MpxUnmapBdsem implements MpxUnmapProtocol {
  @Override
  public boolean needsPreparation() {
    return true;
  }

  @Override
  public void preUnmap(Parts parts, Mm mm, long start, long end) {
    if (!mm.mpx.isUnmapper()) {
      mm.mpx.bdSem.writeLock();
      mm.mpx.unmapper = Thread.currentThread();
    }
    mm.mmapLock.readLock();
    try {
      if (mm.mpx.isManaged() && BoundsTables.isMapped(mm, start, end)) {
        prepare(parts, mm, start, end);
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    PausePoint.reach("mpxUnmap.prepared");
  }

  private static void prepare(Parts parts, Mm mm, long start, long end) {
    long span = BoundsTables.geometry(mm).spanBytes();
    for (long at = BoundsTables.spanStart(mm, start); at < end; at += span) {
      long from = Math.max(at, start);
      long to = Math.min(at + span, end);
      prepareOne(parts, mm, from, to);
    }
  }

  /** The range lies in one span. */
  private static void prepareOne(Parts parts, Mm mm, long from, long to) {
    boolean whole = !BoundsTables.hasNeighbour(mm, from, from, to, Neighbours.DATA);
    long entryVaddr = BoundsTables.entryVaddr(mm, from);
    try {
      long entry = getEntry(parts, mm, entryVaddr);
      if (!BoundsTables.makesSense(entry)) {
        BoundsTables.convict(mm);
      } else if (entry != 0) {
        long table = BoundsTables.geometry(mm).tableAddr(entry);
        if (!whole) {
          parts.tables().zapSlice(mm, table, from, to);
        } else if (clearEntry(parts, mm, entryVaddr, entry) == entry) {
          mm.mpx.doomed.add(table);
        }
      }
    } catch (ErrnoException e) {
      BoundsTables.convict(mm); // what the directory was in is not mapped, or read-only
    }
  }

  @Override
  public void postUnmap(Parts parts, Mm mm) {
    PausePoint.reach("mpxUnmap.unmapped");
    if (!mm.mpx.doomed.isEmpty()) {
      mm.mmapLock.writeLock();
      try {
        for (long table : mm.mpx.doomed) {
          parts.tables().unmapTable(mm, table);
        }
      } finally {
        mm.mpx.doomed.clear();
        mm.mmapLock.writeUnlock();
      }
    }
    mm.mpx.unmapper = null;
    mm.mpx.bdSem.writeUnlock();
  }

  @Override
  public void allocBegin(Mm mm) {
    mm.mpx.bdSem.readLock();
  }

  @Override
  public void allocEnd(Mm mm) {
    mm.mpx.bdSem.readUnlock();
  }

  @Override
  public void prctlBegin(Mm mm) {
    mm.mpx.bdSem.writeLock();
  }

  @Override
  public void prctlEnd(Mm mm) {
    mm.mpx.bdSem.writeUnlock();
  }

  private static long getEntry(Parts parts, Mm mm, long entryVaddr) {
    int bytes = BoundsTables.geometry(mm).directoryEntryBytes();
    while (true) {
      try {
        return parts.user().getUser(mm, entryVaddr, bytes, Faults.DISABLED);
      } catch (ErrnoException e) {
        parts.user().getUserPage(mm, entryVaddr, false); // mmap_lock is held: no fault needed
      }
    }
  }

  private static long clearEntry(Parts parts, Mm mm, long entryVaddr, long entry) {
    int bytes = BoundsTables.geometry(mm).directoryEntryBytes();
    while (true) {
      try {
        return parts.user().cmpxchgUser(mm, entryVaddr, bytes, entry, 0, Faults.DISABLED);
      } catch (ErrnoException e) {
        parts.user().getUserPage(mm, entryVaddr, true);
      }
    }
  }
}
