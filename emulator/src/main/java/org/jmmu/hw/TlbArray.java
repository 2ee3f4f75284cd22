package org.jmmu.hw;

import java.util.Arrays;
import org.jmmu.phys.CacheLines;

/**
 * The TLB entries of one page size: sets of {@value #WAYS}, chosen by page number; within a set the
 * oldest entry is replaced.
 *
 * <p>A tag is a page number with a {@link TlbStamps stamp} above it. Tag and translation lie at the
 * same index of two arrays.
 */
final class TlbArray extends CacheLines {
  static final int NOT_FOUND = -1;

  private static final int WAYS = 4;
  private static final long EMPTY = TlbStamps.NONE;

  private final int shift; // log2 of the page size; immutable
  private final long[] tags;
  private final long[] words;
  private final byte[] next; // per set: the way to be replaced

  /**
   * @param entries a power of two, at least {@value #WAYS}
   */
  TlbArray(int level, int entries) {
    shift = PteBits.shift(level);
    tags = new long[entries];
    words = new long[entries];
    next = new byte[entries / WAYS];
  }

  /** Index of the entry for {@code vaddr} that has either stamp, or {@link #NOT_FOUND}. */
  int find(long vaddr, long firstStamp, long secondStamp) {
    long page = vaddr >>> shift;
    int first = firstOfSet(page);
    for (int i = first; i < first + WAYS; i++) {
      if (tags[i] == (page | firstStamp) || tags[i] == (page | secondStamp)) {
        return i;
      }
    }
    return NOT_FOUND;
  }

  private int firstOfSet(long page) {
    return (int) page * WAYS & tags.length - 1;
  }

  /** The translation of a found entry, narrowed to the 4-KiB page of {@code vaddr}. */
  long word(int index, long vaddr) {
    long offset = (1L << shift) - 1 & PteBits.ADDRESS;
    return (words[index] & ~offset) | (vaddr & offset);
  }

  /** Enters a translation; returns whether a live one had to give way. */
  boolean put(long vaddr, long stamp, long word) {
    long page = vaddr >>> shift;
    int i = find(vaddr, stamp, stamp);
    if (i == NOT_FOUND) {
      int first = firstOfSet(page);
      int way = next[first / WAYS];
      next[first / WAYS] = (byte) ((way + 1) % WAYS);
      i = first + way;
    }
    boolean replaced = tags[i] != EMPTY;
    tags[i] = page | stamp;
    words[i] = word;
    return replaced;
  }

  /**
   * Takes out the entries for {@code vaddr} that have either stamp; returns whether there were any.
   */
  boolean drop(long vaddr, long firstStamp, long secondStamp) {
    long page = vaddr >>> shift;
    int first = firstOfSet(page);
    boolean dropped = false;
    for (int i = first; i < first + WAYS; i++) {
      // A PCID that was never used has no stamp, and page 0 without one looks like an empty slot.
      boolean live = tags[i] != EMPTY;
      if (live && (tags[i] == (page | firstStamp) || tags[i] == (page | secondStamp))) {
        tags[i] = EMPTY;
        dropped = true;
      }
    }
    return dropped;
  }

  void clear() {
    Arrays.fill(tags, EMPTY);
  }
}
