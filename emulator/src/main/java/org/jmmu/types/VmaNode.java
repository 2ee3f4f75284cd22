package org.jmmu.types;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A node of a {@link VmaTree}: up to {@value #SLOTS} slots in address order, each a VMA (in a leaf)
 * or a node. Keys and number of slots are immutable once sealed; a leaf is so as a whole.
 *
 * <p>A change makes a new leaf, and a new node wherever keys change. A child that ends where its
 * predecessor did takes that one's place in the parent: a reader comes upon the one or the other.
 * What only searches for gaps read, starts and gaps of a node, changes in place.
 *
 * <p>Everything a search compares is in one array of numbers, so that it touches neither the VMAs
 * nor the nodes that it does not enter. Arrays have one length, however many slots are in use:
 * copies and searches then take the same steps each time, which the host's CPU can foresee.
 *
 * <pre>
 *   words   0           SLOTS         2 * SLOTS     3 * SLOTS
 *           | ends      | starts      | gaps        |
 *
 *   ends    of the slot's last VMA, as recorded; unused slots: Long.MAX_VALUE
 *   starts  of the slot's first VMA, as recorded
 *   gaps    the largest one between two VMAs of the slot; a leaf has none
 * </pre>
 */
final class VmaNode {
  /** A power of two: see {@link #firstEndingAbove}. */
  static final int SLOTS = 16;

  /** With fewer slots than this a node is joined with a neighbour. */
  static final int FEW_SLOTS = SLOTS / 4;

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);

  private static final int STARTS = SLOTS;
  private static final int GAPS = 2 * SLOTS;
  private static final int LEAF_WORDS = 2 * SLOTS;
  private static final int WORDS = 3 * SLOTS;

  static final VmaNode EMPTY = new VmaNode(0, new Object[SLOTS], unused(LEAF_WORDS)).seal();

  private final int size;
  private final Object[] slots;
  private final long[] words;
  private long largestGap; // guarded by mmap_lock

  private VmaNode(int size, Object[] slots, long[] words) {
    this.size = size;
    this.slots = slots;
    this.words = words;
  }

  /** A node with two slots. */
  static VmaNode parentOf(VmaNode low, VmaNode high) {
    return new VmaNode(2, new Object[SLOTS], unused(WORDS)).set(0, low).set(1, high).seal();
  }

  /** A node with slots [from, to) of those of {@code low} and, behind them, {@code high}. */
  static VmaNode range(VmaNode low, VmaNode high, int from, int to) {
    VmaNode node = new VmaNode(to - from, new Object[SLOTS], unused(low.words.length));
    for (int i = from; i < to; i++) {
      Object slot = i < low.size ? low.slots[i] : high.slots[i - low.size];
      if (slot instanceof VmaNode child) {
        node.set(i - from, child);
      } else {
        boolean inLow = i < low.size;
        node.slots[i - from] = slot;
        node.words[i - from] = inLow ? low.end(i) : high.end(i - low.size);
        node.words[STARTS + i - from] = inLow ? low.start(i) : high.start(i - low.size);
      }
    }
    return node.seal();
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == SLOTS;
  }

  boolean isLeaf() {
    return words.length == LEAF_WORDS;
  }

  Object slotGetAcquire(int at) {
    return SLOT.getAcquire(slots, at);
  }

  VmaNode child(int at) {
    return (VmaNode) slots[at];
  }

  Vma vma(int at) {
    return (Vma) slots[at];
  }

  long start(int at) {
    return words[STARTS + at];
  }

  long end(int at) {
    return words[at];
  }

  long firstStart() {
    return words[STARTS];
  }

  long lastEnd() {
    return words[size - 1];
  }

  long gap(int at) {
    return words[GAPS + at];
  }

  /** The largest gap between two VMAs of this node. */
  long largestGap() {
    return largestGap;
  }

  /** The first slot that ends above {@code vaddr}; the number of slots if there is none. */
  int firstEndingAbove(long vaddr) {
    long[] keys = words;
    int at = 0;
    for (int step = SLOTS / 2; step > 0; step /= 2) {
      at += keys[at + step - 1] <= vaddr ? step : 0;
    }
    at += keys[at] <= vaddr ? 1 : 0;
    return Math.min(at, size); // nothing ends above Long.MAX_VALUE
  }

  /** An unsealed copy. */
  VmaNode copy() {
    return new VmaNode(size, slots.clone(), words.clone());
  }

  /** An unsealed copy with one more slot, {@code at}, which is to be set. */
  VmaNode copyWithRoom(int at) {
    VmaNode copy = new VmaNode(size + 1, slots.clone(), words.clone());
    int behind = SLOTS - 1 - at;
    System.arraycopy(slots, at, copy.slots, at + 1, behind);
    for (int column = 0; column < words.length; column += SLOTS) {
      System.arraycopy(words, column + at, copy.words, column + at + 1, behind);
    }
    return copy;
  }

  /** An unsealed copy without slot {@code at}. What it held may stay in an unused slot. */
  VmaNode copyWithout(int at) {
    VmaNode copy = new VmaNode(size - 1, slots.clone(), words.clone());
    int behind = SLOTS - 1 - at;
    System.arraycopy(slots, at + 1, copy.slots, at, behind);
    for (int column = 0; column < words.length; column += SLOTS) {
      System.arraycopy(words, column + at + 1, copy.words, column + at, behind);
      copy.words[column + SLOTS - 1] = column == 0 ? Long.MAX_VALUE : 0;
    }
    return copy;
  }

  /** Puts a VMA, under the range that it has now, into a slot of an unsealed leaf. */
  VmaNode set(int at, Vma vma) {
    vma.recordRange();
    slots[at] = vma;
    words[at] = vma.recordedEnd();
    words[STARTS + at] = vma.recordedStart();
    return this;
  }

  /** Puts a node into a slot of an unsealed node. */
  VmaNode set(int at, VmaNode child) {
    slots[at] = child;
    words[at] = child.lastEnd();
    words[STARTS + at] = child.firstStart();
    words[GAPS + at] = child.largestGap;
    return this;
  }

  /** The keys do not change from here on. */
  VmaNode seal() {
    assert areKeysInOrder() : "VMAs out of order";
    updateLargestGap();
    return this;
  }

  /** This node with {@code child} in its slot {@code at}: itself if that changes no key. */
  VmaNode with(int at, VmaNode child) {
    if (child.lastEnd() != words[at]) {
      return copy().set(at, child).seal();
    }
    if (child != slots[at]) {
      SLOT.setRelease(slots, at, child);
    }
    if (words[STARTS + at] != child.firstStart() || words[GAPS + at] != child.largestGap) {
      words[STARTS + at] = child.firstStart();
      words[GAPS + at] = child.largestGap;
      updateLargestGap();
    }
    return this;
  }

  /** Unused slots start at 0 and hold no gap. */
  private void updateLargestGap() {
    long largest = 0;
    for (int i = 1; i < SLOTS; i++) {
      largest = Math.max(largest, words[STARTS + i] - words[i - 1]);
    }
    if (!isLeaf()) {
      for (int i = 0; i < SLOTS; i++) {
        largest = Math.max(largest, words[GAPS + i]);
      }
    }
    largestGap = largest;
  }

  private boolean areKeysInOrder() {
    for (int i = 1; i < size; i++) {
      if (words[i - 1] >= words[i]) {
        return false;
      }
    }
    return true;
  }

  private static long[] unused(int length) {
    long[] words = new long[length];
    Arrays.fill(words, 0, SLOTS, Long.MAX_VALUE);
    return words;
  }
}
