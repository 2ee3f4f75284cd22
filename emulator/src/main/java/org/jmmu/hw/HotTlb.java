package org.jmmu.hw;

import java.util.Arrays;
import org.jmmu.phys.CacheLines;
import org.jmmu.phys.PhysMemory;

/**
 * The part of the TLB that an access looks at first: for each page, whether reads and whether
 * writes hit in the CPU's present mode, and where in native memory the page lies. The entries are
 * in the {@link CpuBlock}.
 *
 * <p>An entry is a key and what to add to a linear address to get the native one. A hit is one
 * compare, because the key checks page, alignment, PCID and rights together:
 *
 * <pre>
 *  63                                12 11            3 2    0
 *  +-----------------------------------+---------------+------+
 *  |            page address           |    context    |  0   |
 *  +-----------------------------------+---------------+------+
 * </pre>
 *
 * The low bits are those of the address that must be zero for an aligned access: a misaligned one
 * misses. A context is a number for a combination of mode (CPL, PKRU and so on) and PCID stamp. A
 * change of any of them is a change of context, which makes all keys of the old one miss without a
 * write; the last few contexts are remembered, so that going back makes them hit again.
 */
final class HotTlb extends CacheLines {
  private static final int CONTEXT_SHIFT = 3;
  private static final int CONTEXTS = 1 << (PhysMemory.PAGE_SHIFT - CONTEXT_SHIFT);
  private static final int REMEMBERED = 4;

  private static final int MODE_BITS = AccessRights.PKRU_SHIFT + Integer.SIZE;

  private final long block; // immutable
  private final PhysMemory phys;
  private final AccessRights rights;

  private final long[] combinations = new long[REMEMBERED];
  private final long[] contexts = new long[REMEMBERED];
  private int oldest;
  private int lastContext;

  HotTlb(long block, PhysMemory phys, AccessRights rights) {
    this.block = block;
    this.phys = phys;
    this.rights = rights;
    dropAll();
  }

  /** The key that an entry must have to be hit by an access of {@code size} bytes. */
  static long key(long block, long vaddr, int size) {
    return (vaddr & (PhysMemory.PAGE_MASK | size - 1)) | CpuBlock.contextGetPlain(block);
  }

  /** Enters a translation that the TLB holds for the present context. */
  void enter(long vaddr, long word) {
    long page = vaddr & PhysMemory.PAGE_MASK;
    long key = key(block, page, Byte.BYTES);
    long addend = phys.addr(word & PteBits.ADDRESS) - page;
    boolean mayRead = rights.allows(word, Access.READ);
    // A write to a clean page must walk, to set the dirty bit.
    boolean mayWrite = (word & PteBits.D) != 0 && rights.allows(word, Access.WRITE);
    CpuBlock.entrySetPlain(CpuBlock.readEntry(block, vaddr), mayRead ? key : 0, addend);
    CpuBlock.entrySetPlain(CpuBlock.writeEntry(block, vaddr), mayWrite ? key : 0, addend);
  }

  /** Forgets a page in all contexts. */
  void drop(long vaddr) {
    CpuBlock.entrySetPlain(CpuBlock.readEntry(block, vaddr), 0, 0);
    CpuBlock.entrySetPlain(CpuBlock.writeEntry(block, vaddr), 0, 0);
  }

  /** Forgets every page in all contexts; {@link #select} must follow. */
  void dropAll() {
    // No combination is -1: mode and stamp leave the top bits clear.
    Arrays.fill(combinations, -1);
  }

  /** Makes a context current. */
  void select(long stamp, long mode) {
    long combination = stamp >>> TlbStamps.SHIFT << MODE_BITS | mode;
    for (int i = 0; i < REMEMBERED; i++) {
      if (combinations[i] == combination) {
        CpuBlock.contextSetPlain(block, contexts[i]);
        return;
      }
    }
    if (++lastContext == CONTEXTS) {
      // Numbers are about to be used again: keys that carry them must go first.
      CpuBlock.clearEntries(block);
      dropAll();
      lastContext = 1;
    }
    long context = (long) lastContext << CONTEXT_SHIFT;
    combinations[oldest] = combination;
    contexts[oldest] = context;
    oldest = (oldest + 1) % REMEMBERED;
    CpuBlock.contextSetPlain(block, context);
  }
}
