package org.jmmu.race.mpxunmap;

import org.jmmu.mm.UserAccess.Faults;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.BoundsTables.Neighbours;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Linux 5.2 to 5.5. The hook comes first, before munmap has changed anything.
 *
 * <p>What is about to be unmapped is still there when neighbours are looked for, and counts as one:
 * a table goes as a whole only if all addresses that it is for are unmapped at once.
 *
 * @kernel 5a28fc94c914
 */
final class MpxUnmapGupEarly implements MpxUnmapProtocol {
  @Override
  public void arrived(Parts parts, Mm mm, long start, long end) {
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
            || !BoundsTables.hasNeighbour(mm, from, from, from, Neighbours.ALL);
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
