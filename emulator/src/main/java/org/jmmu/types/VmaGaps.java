package org.jmmu.types;

/**
 * Searches a {@link VmaTree} for free ranges. Each search enters, besides the nodes on the paths to
 * its two limits, one node per level: the first that holds a gap which is large enough.
 */
final class VmaGaps {
  static final long NONE = -1;

  private VmaGaps() {}

  static long highest(VmaNode root, long low, long high, long length) {
    if (root.size() == 0) {
      return highestIn(low, high, low, high, length);
    }
    long found = highestIn(root.lastEnd(), high, low, high, length);
    if (found == NONE) {
      found = highestBetween(root, low, high, length);
    }
    return found == NONE ? highestIn(low, root.firstStart(), low, high, length) : found;
  }

  static long lowest(VmaNode root, long low, long high, long length) {
    if (root.size() == 0) {
      return lowestIn(low, high, low, high, length);
    }
    long found = lowestIn(low, root.firstStart(), low, high, length);
    if (found == NONE) {
      found = lowestBetween(root, low, high, length);
    }
    return found == NONE ? lowestIn(root.lastEnd(), high, low, high, length) : found;
  }

  /** Looks between the VMAs of {@code node}. */
  private static long highestBetween(VmaNode node, long low, long high, long length) {
    if (node.largestGap() < length) {
      return NONE;
    }
    int last = node.size() - 1;
    for (int i = Math.min(last, node.firstEndingAbove(high)); i >= 0; i--) {
      long found = i == last ? NONE : highestIn(node.end(i), node.start(i + 1), low, high, length);
      if (found == NONE && !node.isLeaf() && node.gap(i) >= length) {
        found = highestBetween(node.child(i), low, high, length);
      }
      if (found != NONE || node.start(i) <= low) {
        return found;
      }
    }
    return NONE;
  }

  private static long lowestBetween(VmaNode node, long low, long high, long length) {
    if (node.largestGap() < length) {
      return NONE;
    }
    int size = node.size();
    int first = Math.max(0, node.firstEndingAbove(low) - 1);
    for (int i = first; i < size && node.start(i) < high; i++) {
      long found = NONE;
      if (!node.isLeaf() && node.gap(i) >= length) {
        found = lowestBetween(node.child(i), low, high, length);
      }
      if (found == NONE && i + 1 < size) {
        found = lowestIn(node.end(i), node.start(i + 1), low, high, length);
      }
      if (found != NONE) {
        return found;
      }
    }
    return NONE;
  }

  private static long highestIn(long freeFrom, long freeTo, long low, long high, long length) {
    long limit = Math.min(freeTo, high);
    return limit - Math.max(freeFrom, low) >= length ? limit - length : NONE;
  }

  private static long lowestIn(long freeFrom, long freeTo, long low, long high, long length) {
    long limit = Math.max(freeFrom, low);
    return Math.min(freeTo, high) - limit >= length ? limit : NONE;
  }
}
