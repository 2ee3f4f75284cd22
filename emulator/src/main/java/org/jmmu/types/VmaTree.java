package org.jmmu.types;

import org.jspecify.annotations.Nullable;

/**
 * The VMAs of one address space in address order. Readers need no lock: they search an immutable
 * array, and a change publishes a new one. Moving a boundary in place changes no order and
 * therefore no array.
 *
 * <p>Changes: with mmap_lock held for writing.
 */
public final class VmaTree {
  private static final Vma[] EMPTY = {};

  private volatile Vma[] vmas = EMPTY; // never changed in place

  public int size() {
    return vmas.length;
  }

  /** The VMAs at this instant, in address order; not to be modified. */
  public Vma[] snapshot() {
    return vmas;
  }

  /** The first VMA that ends above {@code vaddr}: it covers it or lies behind it. */
  public @Nullable Vma find(long vaddr) {
    Vma[] array = vmas;
    int at = firstEndingAbove(array, vaddr);
    return at < array.length ? array[at] : null;
  }

  /** The last VMA that ends at or below {@code vaddr}. */
  public @Nullable Vma findPrev(long vaddr) {
    Vma[] array = vmas;
    int at = firstEndingAbove(array, vaddr);
    return at > 0 ? array[at - 1] : null;
  }

  public @Nullable Vma next(Vma vma) {
    Vma[] array = vmas;
    int at = indexOf(array, vma) + 1;
    return at < array.length ? array[at] : null;
  }

  public @Nullable Vma prev(Vma vma) {
    Vma[] array = vmas;
    int at = indexOf(array, vma) - 1;
    return at >= 0 ? array[at] : null;
  }

  /** The VMA must not overlap any other. */
  public void insert(Vma vma) {
    Vma[] old = vmas;
    int at = firstEndingAbove(old, vma.vmStartGetOpaque());
    Vma[] grown = new Vma[old.length + 1];
    System.arraycopy(old, 0, grown, 0, at);
    grown[at] = vma;
    System.arraycopy(old, at, grown, at + 1, old.length - at);
    vmas = grown;
  }

  public void remove(Vma vma) {
    Vma[] old = vmas;
    int at = indexOf(old, vma);
    Vma[] shrunk = new Vma[old.length - 1];
    System.arraycopy(old, 0, shrunk, 0, at);
    System.arraycopy(old, at + 1, shrunk, at, shrunk.length - at);
    vmas = shrunk;
  }

  /** Searches by identity near the address: an adjusted VMA may overlap its neighbour meanwhile. */
  private static int indexOf(Vma[] array, Vma vma) {
    int at = firstEndingAbove(array, vma.vmStartGetOpaque());
    for (int i = Math.max(0, at - 1); i < array.length; i++) {
      if (array[i] == vma) {
        return i;
      }
    }
    throw new IllegalArgumentException("not in this address space: " + vma);
  }

  private static int firstEndingAbove(Vma[] array, long vaddr) {
    int low = 0;
    int high = array.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (array[middle].vmEndGetOpaque() > vaddr) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
