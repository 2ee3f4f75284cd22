package org.jmmu.types;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Frame numbers, or what stands for a page without a frame, by page index: a radix tree of 64-way
 * nodes, as high as the largest index needs. Readers take no lock; whoever changes it holds the
 * owner's lock.
 *
 * <p>A node that becomes empty is unlinked. A reader that is still in it finds nothing there, which
 * is what it would have found in its place; nothing is ever stored in it again.
 *
 * @kernel lib/xarray.c
 */
public final class XArray {
  /** No entry, or no further one. */
  public static final long NONE = -1;

  /** Tells entries that are not frames. Linux uses bit 0, which is clear in pointers. */
  private static final long VALUE = Long.MIN_VALUE;

  private static final int CHUNK_SHIFT = 6;
  private static final int SLOTS = 1 << CHUNK_SHIFT;
  private static final int MASK = SLOTS - 1;

  /** 64 entries at the bottom, or 64 nodes one level below. */
  private static final class Node {
    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Node[].class);

    final int shift; // of the part of the index that counts here; immutable
    final long[] entries; // release, acquire; empty above the bottom
    final Node[] children; // release, acquire; empty at the bottom
    int count; // slots in use; owner's lock

    Node(int shift) {
      this.shift = shift;
      this.entries = new long[shift == 0 ? SLOTS : 0];
      this.children = new Node[shift == 0 ? 0 : SLOTS];
    }

    int slot(long index) {
      return (int) (index >>> shift) & MASK;
    }

    boolean covers(long index) {
      return shift + CHUNK_SHIFT >= Long.SIZE || index >>> (shift + CHUNK_SHIFT) == 0;
    }

    long entry(int slot) {
      return (long) ENTRY.getAcquire(entries, slot);
    }

    @Nullable Node child(int slot) {
      return (Node) CHILD.getAcquire(children, slot);
    }

    void setEntry(int slot, long pfn) {
      ENTRY.setRelease(entries, slot, pfn);
    }

    void setChild(int slot, @Nullable Node child) {
      CHILD.setRelease(children, slot, child);
    }
  }

  private volatile @Nullable Node root;

  /**
   * An entry that is no frame: where a page has gone. @kernel include/linux/xarray.h:xa_mk_value
   */
  public static long value(long swpEntry) {
    return swpEntry | VALUE;
  }

  /** Whether what was loaded is no frame. @kernel include/linux/xarray.h:xa_is_value */
  public static boolean isValue(long loaded) {
    return loaded < 0;
  }

  /** What {@link #value} was made of. */
  public static long entryOf(long value) {
    return value & ~VALUE;
  }

  /** The entry at {@code index}; 0 if there is none. @kernel lib/xarray.c:xa_load */
  public long load(long index) {
    Node node = root;
    if (node == null || !node.covers(index)) {
      return 0;
    }
    while (node.shift > 0) {
      node = node.child(node.slot(index));
      if (node == null) {
        return 0;
      }
    }
    return node.entry(node.slot(index));
  }

  /** The smallest index with an entry, {@code from} or above; {@link #NONE} if there is none. */
  public long next(long from) {
    Node node = root;
    return node == null || !node.covers(from) ? NONE : next(node, 0, from);
  }

  /** {@code base}: smallest index below {@code node}. */
  private static long next(Node node, long base, long from) {
    int first = Long.compareUnsigned(from, base) <= 0 ? 0 : node.slot(from);
    for (int slot = first; slot < SLOTS; slot++) {
      long at = base + ((long) slot << node.shift);
      if (node.shift == 0) {
        if (node.entry(slot) != 0) {
          return at;
        }
        continue;
      }
      Node child = node.child(slot);
      long found = child == null ? NONE : next(child, at, from);
      if (found != NONE) {
        return found;
      }
    }
    return NONE;
  }

  /**
   * Sets the entry at {@code index}; there must be none. The caller holds the owner's lock.
   *
   * @kernel lib/xarray.c:xa_insert
   */
  public void store(long index, long pfn) {
    Node node = root;
    if (node == null) {
      node = new Node(0);
    }
    while (!node.covers(index)) {
      Node above = new Node(node.shift + CHUNK_SHIFT);
      if (node.count > 0) {
        above.setChild(0, node);
        above.count = 1;
      }
      node = above;
    }
    root = node;
    while (node.shift > 0) {
      int slot = node.slot(index);
      Node child = node.child(slot);
      if (child == null) {
        child = new Node(node.shift - CHUNK_SHIFT);
        node.setChild(slot, child);
        node.count++;
      }
      node = child;
    }
    int slot = node.slot(index);
    if (node.entry(slot) != 0) {
      throw new KernelBug("the page cache has a page " + index + " already");
    }
    node.setEntry(slot, pfn);
    node.count++;
  }

  /**
   * Changes the entry at {@code index}; there must be one. The caller holds the owner's lock.
   *
   * @kernel include/linux/xarray.h:xas_store
   */
  public void replace(long index, long pfn) {
    Node node = load(index) == 0 ? null : root;
    while (node != null && node.shift > 0) {
      node = node.child(node.slot(index));
    }
    if (node == null) {
      throw new KernelBug("the page cache has no page " + index);
    }
    node.setEntry(node.slot(index), pfn);
  }

  /**
   * Removes the entry at {@code index}; there must be one. The caller holds the owner's lock.
   *
   * @kernel lib/xarray.c:xa_erase
   */
  public void erase(long index) {
    Node top = root;
    if (top == null || !top.covers(index) || load(index) == 0) {
      throw new KernelBug("the page cache has no page " + index);
    }
    if (eraseBelow(top, index)) {
      root = null;
    }
  }

  /** Whether {@code node} is empty now. */
  private static boolean eraseBelow(Node node, long index) {
    int slot = node.slot(index);
    if (node.shift == 0) {
      node.setEntry(slot, 0);
      return --node.count == 0;
    }
    Node child = node.child(slot);
    if (child != null && eraseBelow(child, index)) {
      node.setChild(slot, null);
      node.count--;
    }
    return node.count == 0;
  }
}
