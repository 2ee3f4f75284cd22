package org.jmmu.types;

import org.jspecify.annotations.Nullable;

/**
 * The VMAs that map ranges of one file, by page offset.
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
  static final class Node extends IntervalTree.Node<Node> {
    private final Vma vma;

    private Node(Vma vma) {
      this.vma = vma;
    }
  }

  private final IntervalTree<Node> tree = new IntervalTree<>();

  public int size() {
    return tree.size();
  }

  /**
   * @kernel mm/interval_tree.c:vma_interval_tree_insert
   */
  public void insert(Vma vma) {
    if (vma.iMmapNode() != null) {
      throw new IllegalStateException("already in a tree: " + vma);
    }
    Node node = new Node(vma);
    tree.insert(node, vma.vmPgoffGetOpaque(), vma.lastPgoff());
    vma.iMmapNodeSet(node);
  }

  /**
   * @kernel mm/interval_tree.c:vma_interval_tree_remove
   */
  public void remove(Vma vma) {
    tree.remove(nodeOf(vma));
    vma.iMmapNodeSet(null);
  }

  /**
   * The first VMA that maps any of the pages [{@code firstPgoff}, {@code lastPgoff}].
   *
   * @kernel mm/interval_tree.c:vma_interval_tree_iter_first
   */
  public @Nullable Vma firstOverlap(long firstPgoff, long lastPgoff) {
    return vmaOf(tree.firstOverlap(firstPgoff, lastPgoff));
  }

  /**
   * The one behind {@code vma}, itself a result for the same pages.
   *
   * @kernel mm/interval_tree.c:vma_interval_tree_iter_next
   */
  public @Nullable Vma nextOverlap(Vma vma, long firstPgoff, long lastPgoff) {
    return vmaOf(tree.nextOverlap(nodeOf(vma), firstPgoff, lastPgoff));
  }

  private static @Nullable Vma vmaOf(@Nullable Node node) {
    return node == null ? null : node.vma;
  }

  private Node nodeOf(Vma vma) {
    Node node = vma.iMmapNode();
    if (node == null || node.tree != tree) {
      throw new IllegalArgumentException("does not map this file: " + vma);
    }
    return node;
  }
}
