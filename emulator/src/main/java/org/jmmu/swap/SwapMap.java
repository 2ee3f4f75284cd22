package org.jmmu.swap;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jmmu.types.KernelBug;

/**
 * What an area's slots are used for: a word a slot, changed by one compare-and-set each. A slot is
 * in use while it is counted, or the swap cache has a page for it.
 *
 * <pre>
 *   63                          32 31  30                              0
 *  +------------------------------+---+---------------------------------+
 *  | frame in the swap cache, or 0|bad| page-table entries that name it |
 *  +------------------------------+---+---------------------------------+
 * </pre>
 *
 * Linux has a byte a slot for the count, with the flag SWAP_HAS_CACHE, and a table beside it for
 * the frames; both are guarded by the lock of a cluster of slots. A count too large for its six
 * bits goes on in a page of its own, which can be missing for lack of memory; see {@link
 * #needsContinuation}.
 *
 * @kernel mm/swapfile.c:swap_map, mm/swap_table.h
 */
final class SwapMap {
  static final int NO_SLOT = 0;

  /** Counts that the first byte has: up to SWAP_MAP_MAX. */
  private static final long FIRST_BYTE = 0x3e + 1;

  /** What each further byte multiplies them by: up to SWAP_CONT_MAX. */
  private static final long FURTHER_BYTE = 0x7f + 1;

  private static final long COUNT_MASK = (1L << 31) - 1;
  private static final long BAD = 1L << 31;
  private static final int FRAME_SHIFT = 32;

  private final AtomicLongArray words;
  private final AtomicInteger next = new AtomicInteger(); // where to look for a free slot
  private final AtomicInteger inUse = new AtomicInteger();
  private final int pages; // good ones; immutable

  SwapMap(SwapHeader header) {
    words = new AtomicLongArray(Math.toIntExact(header.lastPage() + 1));
    words.set(NO_SLOT, BAD);
    header.badPages().forEach(bad -> words.set(bad, BAD));
    pages = (int) (header.lastPage() - header.badPages().stream().distinct().count());
  }

  /** Slots there are. */
  int pages() {
    return pages;
  }

  int inUse() {
    return inUse.get();
  }

  /** Slots and header. */
  int length() {
    return words.length();
  }

  /** Takes a free slot for a page that is about to enter the swap cache. */
  int allocate(long pfn) {
    int length = words.length();
    for (int tried = 0; tried < length && inUse.get() < pages; tried++) {
      int slot = Math.floorMod(next.getAndIncrement(), length);
      if (words.get(slot) == 0 && words.compareAndSet(slot, 0, pfn << FRAME_SHIFT)) {
        inUse.incrementAndGet();
        return slot;
      }
    }
    return NO_SLOT;
  }

  /** Whether one entry more needs a further byte to be counted. */
  boolean needsContinuation(int slot) {
    long wanted = count(slot) + 1L;
    long room = FIRST_BYTE;
    while (room < wanted) {
      room *= FURTHER_BYTE;
    }
    return room == wanted;
  }

  /** Counts an entry more; the caller knows of another one, or has the page locked. */
  void duplicate(int slot) {
    if (!isInUse(slot)) {
      throw new KernelBug("an entry more for swap slot " + slot + ", which is free");
    }
    words.getAndIncrement(slot);
  }

  /** Counts an entry less. @return the frame that the swap cache has for the slot, 0 if none */
  long free(int slot) {
    long word = words.get(slot);
    if (count(word) == 0) {
      throw new KernelBug("an entry less for swap slot " + slot + ", which has none");
    }
    word = words.decrementAndGet(slot);
    if (word == 0) {
      inUse.decrementAndGet();
    }
    return frame(word);
  }

  /** Entries that name the slot. */
  int count(int slot) {
    return (int) count(words.get(slot));
  }

  /** The frame that the swap cache has for the slot; 0 if it has none. */
  long cached(int slot) {
    return frame(words.get(slot));
  }

  boolean isInUse(int slot) {
    long word = words.get(slot);
    return word != 0 && (word & BAD) == 0;
  }

  /**
   * @return false if no entry names the slot, or the swap cache has a page for it by now
   */
  boolean addCached(int slot, long pfn) {
    while (true) {
      long word = words.get(slot);
      if (frame(word) != 0 || count(word) == 0) {
        return false;
      }
      if (words.compareAndSet(slot, word, word | pfn << FRAME_SHIFT)) {
        return true;
      }
    }
  }

  /** Takes the page out; the slot is free then, if no entry names it. */
  void removeCached(int slot, long pfn) {
    long word = words.addAndGet(slot, -(pfn << FRAME_SHIFT));
    if (frame(word) != 0) {
      throw new KernelBug("swap slot " + slot + " did not have frame " + pfn);
    }
    if (word == 0) {
      inUse.decrementAndGet();
    }
  }

  /** Another frame has the page from now on. */
  void replaceCached(int slot, long oldPfn, long newPfn) {
    long word = words.getAndAdd(slot, (newPfn - oldPfn) << FRAME_SHIFT);
    if (frame(word) != oldPfn) {
      throw new KernelBug("swap slot " + slot + " did not have frame " + oldPfn);
    }
  }

  private static long count(long word) {
    return word & COUNT_MASK;
  }

  private static long frame(long word) {
    return word >>> FRAME_SHIFT;
  }
}
