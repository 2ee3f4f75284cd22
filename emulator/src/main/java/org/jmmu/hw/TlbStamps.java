package org.jmmu.hw;

import java.util.Arrays;

/**
 * Names for the present generation of each PCID's TLB entries. Forgetting the name of a PCID
 * flushes it in constant time: its entries carry a stamp that nothing asks for any more.
 *
 * <p>As many PCIDs as {@link #PCIDS} are remembered; a further one displaces the oldest, whose
 * entries are lost, as a TLB may lose entries at any time.
 */
final class TlbStamps {
  /** A stamp fills bits 63:52 of a tag, above the page number of a 4-KiB page. */
  static final int SHIFT = 52;

  /** Carried by no entry; the tag of an empty slot. */
  static final long NONE = 0;

  private static final int PCIDS = 16;
  private static final int STAMPS = 1 << (Long.SIZE - SHIFT);
  private static final int FREE = -1;

  private final int[] pcids = new int[PCIDS];
  private final long[] stamps = new long[PCIDS];
  private int oldest;
  private int last;

  TlbStamps() {
    Arrays.fill(pcids, FREE);
  }

  /** The stamp of a PCID, a new one if it has none. */
  long of(int pcid) {
    for (int i = 0; i < PCIDS; i++) {
      if (pcids[i] == pcid) {
        return stamps[i];
      }
    }
    int i = oldest;
    oldest = (oldest + 1) % PCIDS;
    pcids[i] = pcid;
    stamps[i] = next();
    return stamps[i];
  }

  /** The stamp of a PCID, or {@link #NONE}. */
  long peek(int pcid) {
    for (int i = 0; i < PCIDS; i++) {
      if (pcids[i] == pcid) {
        return stamps[i];
      }
    }
    return NONE;
  }

  void forget(int pcid) {
    for (int i = 0; i < PCIDS; i++) {
      if (pcids[i] == pcid) {
        pcids[i] = FREE;
      }
    }
  }

  void forgetAll() {
    Arrays.fill(pcids, FREE);
  }

  /** A stamp that no entry carries, unless {@link #wrapped} says that they have run out. */
  long next() {
    last++;
    return (long) last << SHIFT;
  }

  boolean wrapped() {
    return last >= STAMPS;
  }

  /** Starts again from the first stamp; the caller has emptied the TLB. */
  void restart() {
    last = 0;
    forgetAll();
  }
}
