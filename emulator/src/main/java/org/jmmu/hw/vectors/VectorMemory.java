package org.jmmu.hw.vectors;

import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/**
 * Physical memory as the vector format lays it out: tables of both walks at fixed frames, and data
 * that can be told from its address.
 */
final class VectorMemory {
  static final long PGD = 0x20_0000;

  private static final long FIRST_PUD = 0x21_0000;
  private static final long FIRST_PMD = 0x21_1000;
  private static final long FIRST_PTE = 0x21_2000;
  private static final long SECOND_PUD = 0x21_3000;
  private static final long SECOND_PMD = 0x21_4000;
  private static final long SECOND_PTE = 0x21_5000;

  // Data frames of the format end at 2 GiB. Untouched ones cost nothing.
  private static final long FRAMES = 0x8000_0000L >>> PhysMemory.PAGE_SHIFT;
  private static final long HASH_FACTOR = 0x9E37_79B1L;

  private final PhysMemory phys = new PhysMemory(FRAMES);

  PhysMemory phys() {
    return phys;
  }

  boolean contains(long paddr) {
    return phys.containsPfn(paddr >>> PhysMemory.PAGE_SHIFT);
  }

  /** Native address of an entry of a vector. */
  private long entryAddr(PagingVector vector, int walk, int index) {
    int level = vector.levelOf(walk, index);
    // The first entry that the second walk has for itself is still in a table that both use.
    boolean ownTable = walk > 0 && index > 0;
    long vaddr = walk == 0 ? vector.vaddr() : vector.secondPage();
    return phys.addr(table(level, ownTable)) + PteBits.index(vaddr, level) * (long) Long.BYTES;
  }

  long entry(PagingVector vector, int walk, int index) {
    return Mem.longGetAcquire(entryAddr(vector, walk, index));
  }

  private static long table(int level, boolean second) {
    return switch (level) {
      case PteBits.LEVEL_PGD -> PGD;
      case PteBits.LEVEL_PUD -> second ? SECOND_PUD : FIRST_PUD;
      case PteBits.LEVEL_PMD -> second ? SECOND_PMD : FIRST_PMD;
      default -> second ? SECOND_PTE : FIRST_PTE;
    };
  }

  /** Writes the entries of a vector into their tables. */
  void link(PagingVector vector) {
    for (int walk = 0; walk < vector.walks().length; walk++) {
      for (int i = 0; i < vector.walks()[walk].length; i++) {
        Mem.longSetRelease(entryAddr(vector, walk, i), vector.walks()[walk][i]);
      }
    }
  }

  /** Every slot that no row names is zero. */
  void unlink(PagingVector vector) {
    for (int walk = 0; walk < vector.walks().length; walk++) {
      for (int i = 0; i < vector.walks()[walk].length; i++) {
        Mem.longSetRelease(entryAddr(vector, walk, i), 0);
      }
    }
  }

  /** Puts the data that the format defines around a physical address. */
  void fill(long paddr) {
    long first = paddr & -Long.BYTES;
    for (long at = first; at <= first + Long.BYTES && contains(at); at += Long.BYTES) {
      Mem.longSetRelease(phys.addr(at), dataAt(at));
    }
  }

  private static long dataAt(long paddr) {
    long hash = ((paddr >>> 3) * HASH_FACTOR) & 0xffff_ffffL;
    return 0xB8L
        | hash << 8
        | 0xCCL << 40
        | ((paddr >>> PhysMemory.PAGE_SHIFT) & 0xff) << 48
        | 0x67L << 56;
  }

  /** The byte that {@link #fill} puts at a physical address. */
  static int byteAt(long paddr) {
    return (int) (dataAt(paddr & -Long.BYTES) >>> ((paddr & 7) * Byte.SIZE)) & 0xff;
  }

  int storedByte(long paddr) {
    return Mem.byteGetPlain(phys.addr(paddr)) & 0xff;
  }
}
