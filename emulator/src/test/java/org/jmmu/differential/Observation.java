package org.jmmu.differential;

import java.util.Set;

/** What is compared of a process. The order is that of the bits in peer.c. */
enum Observation {
  /** Ranges, permissions, offsets, files. */
  MAPS,
  /** Which anonymous pages are present, and what is in those that are readable. */
  PAGES,
  /** Of anonymous pages: whether nobody else maps them. */
  EXCLUSIVE,
  MINCORE,
  /** Sizes of the files of the sequence, and what is in them. */
  FILES,
  /** The counters of the pool, and the files of huge pages. */
  HUGE_PAGES;

  @SuppressWarnings("EnumOrdinal") // agreed with peer.c
  static int bits(Set<Observation> observations) {
    int bits = 0;
    for (Observation observation : observations) {
      bits |= 1 << observation.ordinal();
    }
    return bits;
  }
}
