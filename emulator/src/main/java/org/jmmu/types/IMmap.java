package org.jmmu.types;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jspecify.annotations.Nullable;

/**
 * The VMAs that map ranges of one file, by page offset: an interval tree, in which each node knows
 * the last page that anything below it maps. It is a treap: a search tree by first page, and a heap
 * by a random priority, which keeps it shallow.
 *
 * <p>Iterations go by first page, VMAs with the same one in the order of their insertion. A VMA
 * stands under the pages that it mapped when it was inserted, also if its fields are changed in
 * place before it is removed.
 *
 * <p>Guarded by the owner's i_mmap_rwsem: held for writing to insert and remove, for reading to
 * iterate. A VMA is in one such tree at a time.
 *
 * @kernel include/linux/fs.h:address_space.i_mmap, mm/interval_tree.c
 */
public final class IMmap {
  /** A VMA's place in the tree. @kernel include/linux/mm_types.h:vm_area_struct.shared */
  static final class Node {
    private final Vma vma;
    private final IMmap owner;
    private final int priority; // not above that of the parent
    private final long first; // the pages [first, last] that it mapped when inserted
    private final long last;
    private long subtreeLast; // the largest last in this subtree
    private @Nullable Node parent;
    private @Nullable Node left;
    private @Nullable Node right;

    private Node(Vma vma, IMmap owner, int priority) {
      this.vma = vma;
      this.owner = owner;
      this.priority = priority;
      this.first = vma.vmPgoffGetOpaque();
      long bytes = vma.vmEndGetOpaque() - vma.vmStartGetOpaque();
      this.last = first + (bytes >> PAGE_SHIFT) - 1;
      this.subtreeLast = last;
    }

    private void updateSubtreeLast() {
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

  private @Nullable Node root;
  private int size;
  private int seed = 1; // of the priorities: xorshift, never 0

  public int size() {
    return size;
  }

  /**
   * @kernel mm/interval_tree.c:vma_interval_tree_insert
   */
  public void insert(Vma vma) {
    if (vma.iMmapNode() != null) {
      throw new IllegalStateException("already in a tree: " + vma);
    }
    Node node = new Node(vma, this, nextPriority());
    Node parent = null;
    boolean isLeft = false;
    for (Node at = root; at != null; at = isLeft ? at.left : at.right) {
      at.subtreeLast = Math.max(at.subtreeLast, node.last);
      isLeft = node.first < at.first;
      parent = at;
    }
    node.parent = parent;
    if (parent == null) {
      root = node;
    } else if (isLeft) {
      parent.left = node;
    } else {
      parent.right = node;
    }
    while (node.parent != null && node.parent.priority < node.priority) {
      rotateUp(node, node.parent);
    }
    vma.iMmapNodeSet(node);
    size++;
  }

  /**
   * @kernel mm/interval_tree.c:vma_interval_tree_remove
   */
  public void remove(Vma vma) {
    Node node = nodeOf(vma);
    while (node.left != null && node.right != null) {
      rotateUp(node.left.priority > node.right.priority ? node.left : node.right, node);
    }
    Node child = node.left != null ? node.left : node.right;
    Node parent = node.parent;
    replaceChild(parent, node, child);
    for (Node at = parent; at != null; at = at.parent) {
      at.updateSubtreeLast();
    }
    vma.iMmapNodeSet(null);
    size--;
  }

  /**
   * The first VMA that maps any of the pages [{@code firstPgoff}, {@code lastPgoff}].
   *
   * @kernel mm/interval_tree.c:vma_interval_tree_iter_first
   */
  public @Nullable Vma firstOverlap(long firstPgoff, long lastPgoff) {
    return root == null || root.subtreeLast < firstPgoff
        ? null
        : leftmostOverlap(root, firstPgoff, lastPgoff);
  }

  /**
   * The one behind {@code vma}, itself a result for the same pages.
   *
   * @kernel mm/interval_tree.c:vma_interval_tree_iter_next
   */
  public @Nullable Vma nextOverlap(Vma vma, long firstPgoff, long lastPgoff) {
    Node node = nodeOf(vma);
    while (true) {
      if (node.right != null && node.right.subtreeLast >= firstPgoff) {
        return leftmostOverlap(node.right, firstPgoff, lastPgoff);
      }
      Node child;
      do { // up to the first node that lies behind all this
        child = node;
        if (node.parent == null) {
          return null;
        }
        node = node.parent;
      } while (node.right == child);
      if (node.first > lastPgoff) {
        return null;
      }
      if (node.last >= firstPgoff) {
        return node.vma;
      }
    }
  }

  /** Something below {@code subtree} reaches {@code firstPgoff}. */
  private static @Nullable Vma leftmostOverlap(Node subtree, long firstPgoff, long lastPgoff) {
    Node node = subtree;
    while (true) {
      if (node.left != null && node.left.subtreeLast >= firstPgoff) {
        // If that one lies behind lastPgoff, so does everything on its right.
        node = node.left;
      } else if (node.first > lastPgoff) {
        return null;
      } else if (node.last >= firstPgoff) {
        return node.vma;
      } else if (node.right != null && node.right.subtreeLast >= firstPgoff) {
        node = node.right;
      } else {
        return null;
      }
    }
  }

  /** {@code child} takes its parent's place, the parent becomes its child; the order stays. */
  private void rotateUp(Node child, Node parent) {
    Node moved;
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

  private void replaceChild(@Nullable Node parent, Node old, @Nullable Node child) {
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

  private Node nodeOf(Vma vma) {
    Node node = vma.iMmapNode();
    if (node == null || node.owner != this) {
      throw new IllegalArgumentException("does not map this file: " + vma);
    }
    return node;
  }

  private int nextPriority() {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed;
  }
}
