package org.jmmu.rmap;

import java.util.Arrays;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.types.Vma;

/**
 * Up to {@value #SLOTS} pages of one anon_vma whose indexes lie in one aligned window, so that a
 * walk of the reverse map can take them together: it visits a VMA once for all of them, and goes
 * down to their entries, which are neighbours, once. Linux walks so for the pages of one large
 * folio; here the pages of a window are folios by themselves, in any frames.
 *
 * <p>For one thread. Whoever adds a page holds a reference to it: the frame stays the page's.
 */
public final class RmapWindow {
  /** Bits of a {@code long}: a set of slots is one number. */
  public static final int SLOTS = Long.SIZE;

  /** What a walk does in each VMA that may map pages of a window. */
  public interface One {
    /**
     * @param vaddr where the page of {@code firstSlot} would be mapped in {@code vma}
     * @param nr slots, from {@code firstSlot} on, whose pages would be mapped there, side by side
     */
    void rmapOne(RmapWindow window, Vma vma, long vaddr, int firstSlot, int nr);
  }

  private static final long NO_PAGE = -1;

  private final PhysMemory phys;
  private final long[] pfns = new long[SLOTS];
  private long mapping; // word of all pages
  private long firstIndex;
  private int size;

  public RmapWindow(PhysMemory phys) {
    this.phys = phys;
    clear();
  }

  public void clear() {
    Arrays.fill(pfns, NO_PAGE);
    size = 0;
  }

  /**
   * Adds a page, unless it goes with no window, or not with this one.
   *
   * @return its slot, or -1
   */
  public int add(long pfn) {
    long word = PageDesc.mappingGetAcquire(phys, pfn);
    if (Slot.tag(word) != PageFlags.PAGE_MAPPING_ANON) {
      return -1; // merged pages have no index, and those of files other lists
    }
    long index = PageDesc.indexGetOpaque(phys, pfn);
    int slot = (int) index & (SLOTS - 1);
    if (size == 0) {
      mapping = word;
      firstIndex = index - slot;
    } else if (mapping != word || firstIndex != index - slot || pfns[slot] != NO_PAGE) {
      return -1; // the last: after a fork, parent and child may each have a page of that index
    }
    pfns[slot] = pfn;
    size++;
    return slot;
  }

  public int size() {
    return size;
  }

  /** The {@code mapping} word of its pages when they were added. */
  long mapping() {
    return mapping;
  }

  /** Any of its pages. */
  long anyPfn() {
    int slot = 0;
    while (pfns[slot] == NO_PAGE) {
      slot++;
    }
    return pfns[slot];
  }

  long firstIndex() {
    return firstIndex;
  }

  long lastIndex() {
    return firstIndex + SLOTS - 1;
  }

  int slotOf(long index) {
    return (int) (index - firstIndex);
  }

  /** Whether the page of a slot, if there is one, is in frame {@code pfn}. */
  boolean holds(int slot, long pfn) {
    return pfns[slot] == pfn;
  }
}
