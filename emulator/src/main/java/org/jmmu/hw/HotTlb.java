package org.jmmu.hw;

import java.util.Arrays;
import org.jmmu.phys.PhysMemory;

/**
 * The part of the TLB that an access looks at first: for each page, whether reads and whether
 * writes hit in the CPU's present mode, and where in native memory the page lies.
 *
 * <p>A key is one word, so that a hit is one compare, which checks page, alignment, PCID and rights
 * together:
 *
 * <pre>
 *  63                                12 11            3 2    0
 *  +-----------------------------------+---------------+------+
 *  |            page address           |    context    |  0   |
 *  +-----------------------------------+---------------+------+
 * </pre>
 *
 * The low bits are those of the address that must be zero for an aligned access: a misaligned one
 * misses. A context is a number for a combination of mode (CPL, PKRU and so on), PCID stamp and
 * global stamp. A change of any of them is a change of context, which makes all keys of the old one
 * miss without a write; the last few contexts are remembered, so that going back makes them hit
 * again.
 */
final class HotTlb {
  private static final int CONTEXT_SHIFT = 3;
  private static final int CONTEXTS = 1 << (PhysMemory.PAGE_SHIFT - CONTEXT_SHIFT);
  private static final int REMEMBERED = 4;
  private static final int STAMP_BITS = Long.SIZE - TlbStamps.SHIFT;

  /** Bits of a mode that {@link #select} can tell apart. */
  static final int MODE_BITS = Long.SIZE - 1 - 2 * STAMP_BITS;

  private final PhysMemory phys;
  private final AccessRights rights;
  private final long[] readKeys;
  private final long[] writeKeys;
  private final long[] addends; // native address minus linear address

  private final long[] combinations = new long[REMEMBERED];
  private final long[] contexts = new long[REMEMBERED];
  private int oldest;
  private int lastContext;
  private long context; // in place for a key

  HotTlb(PhysMemory phys, int entries, AccessRights rights) {
    this.phys = phys;
    this.rights = rights;
    readKeys = new long[entries];
    writeKeys = new long[entries];
    addends = new long[entries];
    dropAll();
  }

  /**
   * Native address of an access that may read, or 0.
   *
   * @param alignment size of the access minus one
   */
  long readAddr(long vaddr, long alignment) {
    long[] keys = readKeys;
    long[] adds = addends;
    long page = vaddr >>> PhysMemory.PAGE_SHIFT;
    long key = (vaddr & (PhysMemory.PAGE_MASK | alignment)) | context;
    return keys[(int) page & keys.length - 1] == key
        ? vaddr + adds[(int) page & adds.length - 1]
        : 0;
  }

  /** Native address of an access that may write, or 0. */
  long writeAddr(long vaddr, long alignment) {
    long[] keys = writeKeys;
    long[] adds = addends;
    long page = vaddr >>> PhysMemory.PAGE_SHIFT;
    long key = (vaddr & (PhysMemory.PAGE_MASK | alignment)) | context;
    return keys[(int) page & keys.length - 1] == key
        ? vaddr + adds[(int) page & adds.length - 1]
        : 0;
  }

  /** Enters a translation that the TLB holds for the present context. */
  void enter(long vaddr, long word) {
    long page = vaddr & PhysMemory.PAGE_MASK;
    int slot = slot(vaddr);
    long granted = word ^ PteBits.NX;
    boolean mayRead = rights.allows(granted, Access.READ);
    // A write to a clean page must walk, to set the dirty bit.
    boolean mayWrite = (word & PteBits.D) != 0 && rights.allows(granted, Access.WRITE);
    readKeys[slot] = mayRead ? page | context : 0;
    writeKeys[slot] = mayWrite ? page | context : 0;
    addends[slot] = phys.addr(word & PteBits.ADDRESS) - page;
  }

  /** Forgets a page in all contexts. */
  void drop(long vaddr) {
    int slot = slot(vaddr);
    readKeys[slot] = 0;
    writeKeys[slot] = 0;
  }

  private int slot(long vaddr) {
    return (int) (vaddr >>> PhysMemory.PAGE_SHIFT) & readKeys.length - 1;
  }

  /** Forgets every page in all contexts; {@link #select} must follow. */
  void dropAll() {
    // No combination is -1: the mode leaves the top bit clear.
    Arrays.fill(combinations, -1);
  }

  /** Makes a context current. */
  void select(long stamp, long globalStamp, long mode) {
    long combination =
        stamp >>> TlbStamps.SHIFT << MODE_BITS
            | globalStamp >>> TlbStamps.SHIFT << (MODE_BITS + STAMP_BITS)
            | mode;
    for (int i = 0; i < REMEMBERED; i++) {
      if (combinations[i] == combination) {
        context = contexts[i];
        return;
      }
    }
    if (++lastContext == CONTEXTS) {
      // Numbers are about to be used again: keys that carry them must go first.
      Arrays.fill(readKeys, 0);
      Arrays.fill(writeKeys, 0);
      dropAll();
      lastContext = 1;
    }
    context = (long) lastContext << CONTEXT_SHIFT;
    combinations[oldest] = combination;
    contexts[oldest] = context;
    oldest = (oldest + 1) % REMEMBERED;
  }
}
