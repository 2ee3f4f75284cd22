package org.jmmu.race.mpxunmap;

import org.jmmu.mm.UserAccess.Faults;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.BoundsTables.Neighbours;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * BROKEN: Linux 4.20 to 5.1. munmap zaps pages late, with mmap_lock downgraded, so that the hook
 * moved up: it is called when the VMAs are out of the tree, and their pages still there.
 *
 * <p>The munmap of a bounds table within it takes the range of the outer one for empty, and frees
 * page tables that the pages hang on.
 *
 * @kernel dd2283f2605e
 */
final class MpxUnmapGupRecursiveLate implements MpxUnmapProtocol {
  @Override
  public void detached(Parts parts, Mm mm, long start, long end) {
    long span = BoundsTables.geometry(mm).spanBytes();
    for (long at = BoundsTables.spanStart(mm, start); at < end; at += span) {
      long from = Math.max(at, start);
      long to = Math.min(at + span, end);
      tryUnmapOne(parts, mm, from, to);
    }
  }

  /** The range lies in one span. */
  private static void tryUnmapOne(Parts parts, Mm mm, long from, long to) {
    boolean whole =
        to - from == BoundsTables.geometry(mm).spanBytes()
            || !BoundsTables.hasNeighbour(mm, from, from, to, Neighbours.ALL);
    long entryVaddr = BoundsTables.entryVaddr(mm, from);
    try {
      long entry = getEntry(parts, mm, entryVaddr);
      if (!BoundsTables.makesSense(entry)) {
        BoundsTables.convict(mm);
      } else if (entry != 0) {
        PausePoint.reach("mpxUnmap.entryRead");
        long table = BoundsTables.geometry(mm).tableAddr(entry);
        if (!whole) {
          parts.tables().zapSlice(mm, table, from, to);
        } else if (clearEntry(parts, mm, entryVaddr, entry) == entry) {
          PausePoint.reach("mpxUnmap.entryCleared");
          parts.tables().unmapTable(mm, table); // only now: nobody finds it any more
        }
      }
    } catch (ErrnoException e) {
      BoundsTables.convict(mm); // what the directory was in is not mapped, or read-only
    }
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
