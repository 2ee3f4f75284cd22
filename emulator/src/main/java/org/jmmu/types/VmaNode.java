package org.jmmu.types;

import java.util.Arrays;

/**
 * A node of a {@link VmaTree}: up to {@value #SLOTS} slots in address order, each a VMA (in a leaf)
 * or a node. Immutable: a change copies the nodes from the leaf to the root.
 *
 * <p>Everything a search compares lies in arrays of numbers, so that it touches neither the VMAs
 * nor the nodes that it does not enter.
 */
final class VmaNode {
  static final int SLOTS = 32;

  /** With fewer slots than this a node is joined with a neighbour. */
  static final int FEW_SLOTS = SLOTS / 4;

  static final VmaNode EMPTY = new VmaNode(new Object[0], new long[0], new long[0], new long[0]);

  private static final long[] NO_GAPS = {};

  final Object[] slots;

  /** Of each slot: the recorded end of its last VMA. */
  final long[] ends;

  /** Of each slot: the recorded start of its first VMA. */
  final long[] starts;

  /** Of each slot: the largest gap between two of its VMAs; of a leaf: empty. */
  final long[] gaps;

  /** The largest gap between two VMAs of this node. */
  final long largestGap;

  private VmaNode(Object[] slots, long[] ends, long[] starts, long[] gaps) {
    this.slots = slots;
    this.ends = ends;
    this.starts = starts;
    this.gaps = gaps;
    long largest = 0;
    for (int i = 1; i < ends.length; i++) {
      assert ends[i - 1] < ends[i] : "VMAs out of order";
      largest = Math.max(largest, starts[i] - ends[i - 1]);
    }
    for (long gap : gaps) {
      largest = Math.max(largest, gap);
    }
    this.largestGap = largest;
  }

  /** A node with two slots. */
  static VmaNode parentOf(VmaNode low, VmaNode high) {
    return new VmaNode(
        new Object[] {low, high},
        new long[] {low.end(), high.end()},
        new long[] {low.start(), high.start()},
        new long[] {low.largestGap, high.largestGap});
  }

  int size() {
    return slots.length;
  }

  boolean isLeaf() {
    return slots.length == 0 || slots[0] instanceof Vma;
  }

  VmaNode child(int slot) {
    return (VmaNode) slots[slot];
  }

  Vma vma(int slot) {
    return (Vma) slots[slot];
  }

  long start() {
    return starts[0];
  }

  long end() {
    return ends[ends.length - 1];
  }

  /** The first slot that ends above {@code vaddr}; the number of slots if there is none. */
  int firstEndingAbove(long vaddr) {
    long[] keys = ends;
    int low = 0;
    int high = keys.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (keys[middle] > vaddr) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Like this node, but with {@code replacement} in the place of slots [from, to). */
  VmaNode splice(int from, int to, Object... replacement) {
    int behind = from + replacement.length;
    int size = behind + slots.length - to;
    Object[] newSlots = new Object[size];
    long[] newEnds = new long[size];
    long[] newStarts = new long[size];
    long[] newGaps = gaps.length == 0 ? NO_GAPS : new long[size];
    System.arraycopy(slots, 0, newSlots, 0, from);
    System.arraycopy(slots, to, newSlots, behind, slots.length - to);
    copy(ends, newEnds, from, to, behind);
    copy(starts, newStarts, from, to, behind);
    if (newGaps.length != 0) {
      copy(gaps, newGaps, from, to, behind);
    }
    for (int i = from; i < behind; i++) {
      Object slot = replacement[i - from];
      newSlots[i] = slot;
      if (slot instanceof VmaNode node) {
        newEnds[i] = node.end();
        newStarts[i] = node.start();
        newGaps[i] = node.largestGap;
      } else {
        Vma vma = (Vma) slot;
        vma.recordRange();
        newEnds[i] = vma.recordedEnd();
        newStarts[i] = vma.recordedStart();
      }
    }
    return new VmaNode(newSlots, newEnds, newStarts, newGaps);
  }

  /** This node's slots and behind them those of {@code high}. */
  VmaNode concat(VmaNode high) {
    Object[] both = Arrays.copyOf(slots, size() + high.size());
    System.arraycopy(high.slots, 0, both, size(), high.size());
    return new VmaNode(
        both, concat(ends, high.ends), concat(starts, high.starts), concat(gaps, high.gaps));
  }

  VmaNode lowerHalf() {
    return slice(0, size() / 2);
  }

  VmaNode upperHalf() {
    return slice(size() / 2, size());
  }

  private VmaNode slice(int from, int to) {
    return new VmaNode(
        Arrays.copyOfRange(slots, from, to),
        Arrays.copyOfRange(ends, from, to),
        Arrays.copyOfRange(starts, from, to),
        gaps.length == 0 ? NO_GAPS : Arrays.copyOfRange(gaps, from, to));
  }

  private static void copy(long[] source, long[] target, int from, int to, int behind) {
    System.arraycopy(source, 0, target, 0, from);
    System.arraycopy(source, to, target, behind, source.length - to);
  }

  private static long[] concat(long[] low, long[] high) {
    long[] both = Arrays.copyOf(low, low.length + high.length);
    System.arraycopy(high, 0, both, low.length, high.length);
    return both;
  }
}
