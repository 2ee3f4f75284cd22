package org.jmmu.types;

import org.jspecify.annotations.Nullable;

/**
 * Ranges of page offsets, in which each node knows the last page of anything below it, so that
 * those that overlap a range are found without a look at the others. It is a treap: a search tree
 * by first page, and a heap by a random priority, which keeps it shallow.
 *
 * <p>Iterations go by first page, nodes with the same one in the order of their insertion.
 *
 * <p>Guarded by the owner's lock: held for writing to insert and remove, for reading to iterate.
 * Nothing here allocates.
 *
 * @kernel include/linux/interval_tree_generic.h
 */
@SuppressWarnings("ReferenceEquality") // a node equals itself alone
public final class IntervalTree<N extends IntervalTree.Node<N>> {
  /** Something with a range; in one tree at a time. */
  public abstract static class Node<N extends Node<N>> {
    @Nullable IntervalTree<N> tree;
    int priority; // not above that of the parent
    long first; // the pages [first, last] that it was inserted with
    long last;
    long subtreeLast; // the largest last in this subtree
    @Nullable N parent;
    @Nullable N left;
    @Nullable N right;
    @Nullable N previous; // in the order of the iteration
    @Nullable N next;

    Node() {}

    /** The first page that it was inserted with. */
    public final long first() {
      return first;
    }

    /** The last page that it was inserted with. */
    public final long last() {
      return last;
    }

    void updateSubtreeLast() {
      long max = last;
      if (left != null) {
        max = Math.max(max, left.subtreeLast);
      }
      if (right != null) {
        max = Math.max(max, right.subtreeLast);
      }
      subtreeLast = max;
    }
  }

  private @Nullable N root;
  private int size;
  private int seed = 1; // of the priorities: xorshift, never 0

  public int size() {
    return size;
  }

  /** Forgets all nodes, none of which may be used again. */
  public void clear() {
    root = null;
    size = 0;
  }

  /** Adds a node for the pages [{@code first}, {@code last}]. */
  public void insert(N node, long first, long last) {
    if (node.tree != null) {
      throw new IllegalStateException("already in a tree: " + node);
    }
    node.tree = this;
    node.priority = nextPriority();
    node.first = first;
    node.last = last;
    node.subtreeLast = last;
    node.left = null;
    node.right = null;
    N parent = null;
    boolean isLeft = false;
    for (N at = root; at != null; at = isLeft ? at.left : at.right) {
      at.subtreeLast = Math.max(at.subtreeLast, last);
      isLeft = first < at.first;
      parent = at;
    }
    node.parent = parent;
    if (parent == null) {
      root = node;
    } else if (isLeft) {
      parent.left = node;
      enlist(parent.previous, node, parent);
    } else {
      parent.right = node;
      enlist(parent, node, parent.next);
    }
    while (node.parent != null && node.parent.priority < node.priority) {
      rotateUp(node, node.parent);
    }
    size++;
  }

  public void remove(N node) {
    checkHere(node);
    while (node.left != null && node.right != null) {
      rotateUp(node.left.priority > node.right.priority ? node.left : node.right, node);
    }
    N child = node.left != null ? node.left : node.right;
    N parent = node.parent;
    replaceChild(parent, node, child);
    for (N at = parent; at != null; at = at.parent) {
      at.updateSubtreeLast();
    }
    delist(node);
    node.tree = null;
    size--;
  }

  private static <N extends Node<N>> void enlist(@Nullable N previous, N node, @Nullable N next) {
    node.previous = previous;
    node.next = next;
    if (previous != null) {
      previous.next = node;
    }
    if (next != null) {
      next.previous = node;
    }
  }

  private static <N extends Node<N>> void delist(N node) {
    if (node.previous != null) {
      node.previous.next = node.next;
    }
    if (node.next != null) {
      node.next.previous = node.previous;
    }
    node.previous = null;
    node.next = null;
  }

  /** The first node that overlaps the pages [{@code first}, {@code last}]. */
  public @Nullable N firstOverlap(long first, long last) {
    return root == null || root.subtreeLast < first ? null : leftmostOverlap(root, first, last);
  }

  /** The one behind {@code previous}, itself a result for the same pages. */
  public @Nullable N nextOverlap(N previous, long first, long last) {
    checkHere(previous);
    N next = previous.next;
    if (next == null || next.first > last) {
      return null;
    }
    return next.last >= first ? next : nextInTree(next, first, last);
  }

  private static <N extends Node<N>> @Nullable N nextInTree(N previous, long first, long last) {
    N node = previous;
    while (true) {
      if (node.right != null && node.right.subtreeLast >= first) {
        return leftmostOverlap(node.right, first, last);
      }
      N child;
      do { // up to the first node that lies behind all this
        child = node;
        if (node.parent == null) {
          return null;
        }
        node = node.parent;
      } while (node.right == child);
      if (node.first > last) {
        return null;
      }
      if (node.last >= first) {
        return node;
      }
    }
  }

  /** Something below {@code subtree} reaches {@code first}. */
  private static <N extends Node<N>> @Nullable N leftmostOverlap(N subtree, long first, long last) {
    N node = subtree;
    while (true) {
      if (node.left != null && node.left.subtreeLast >= first) {
        // If that one lies behind last, so does everything on its right.
        node = node.left;
      } else if (node.first > last) {
        return null;
      } else if (node.last >= first) {
        return node;
      } else if (node.right != null && node.right.subtreeLast >= first) {
        node = node.right;
      } else {
        return null;
      }
    }
  }

  /** {@code child} takes its parent's place, the parent becomes its child; the order stays. */
  private void rotateUp(N child, N parent) {
    N moved;
    if (parent.left == child) {
      moved = child.right;
      parent.left = moved;
      child.right = parent;
    } else {
      moved = child.left;
      parent.right = moved;
      child.left = parent;
    }
    if (moved != null) {
      moved.parent = parent;
    }
    replaceChild(parent.parent, parent, child);
    parent.parent = child;
    child.subtreeLast = parent.subtreeLast;
    parent.updateSubtreeLast();
  }

  private void replaceChild(@Nullable N parent, N old, @Nullable N child) {
    if (parent == null) {
      root = child;
    } else if (parent.left == old) {
      parent.left = child;
    } else {
      parent.right = child;
    }
    if (child != null) {
      child.parent = parent;
    }
  }

  private void checkHere(N node) {
    if (node.tree != this) {
      throw new IllegalArgumentException("not in this tree: " + node);
    }
  }

  private int nextPriority() {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed;
  }
}
