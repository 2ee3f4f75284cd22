package org.jmmu.hw;

/**
 * Page-table words of x86-64 4-level paging (SDM vol 3, 4.5, tables 4-15 to 4-20).
 *
 * <pre>
 *  63 62   59 58   52 51                              12 11  9 8  7  6 5 4   3   2  1  0
 *  +--+------+-------+----------------------------------+----+-+--+-+-+---+---+--+--+-+
 *  |NX| pkey | avail |          frame number            |avl |G|PS|D|A|PCD|PWT|US|RW|P|
 *  +--+------+-------+----------------------------------+----+-+--+-+-+---+---+--+--+-+
 * </pre>
 *
 * Bit 7 is PS in a PMD and PUD entry and PAT in a PTE; in a large leaf PAT moves to bit 12. G, D
 * and the protection key count in a leaf only.
 *
 * <p>Levels carry the Linux names, with the number that counts upwards from the leaf: PTE (the
 * manual's PT) 1, PMD (PD) 2, PUD (PDPT) 3, PGD (PML4) 4.
 */
public final class PteBits {
  public static final long P = 1L;
  public static final long RW = 1L << 1;
  public static final long US = 1L << 2;
  public static final long PWT = 1L << 3;
  public static final long PCD = 1L << 4;
  public static final long A = 1L << 5;
  public static final long D = 1L << 6;
  public static final long PS = 1L << 7;

  /** Memory type of a 4-KiB leaf; the same bit as {@link #PS}. */
  public static final long PAT = 1L << 7;

  public static final long G = 1L << 8;

  /** Bits 11:9, which the MMU ignores. */
  public static final long SOFTWARE = 7L << 9;

  /** Memory type of a large leaf. */
  public static final long PAT_LARGE = 1L << 12;

  public static final int PKEY_SHIFT = 59;
  public static final long PKEY = 15L << PKEY_SHIFT;
  public static final long NX = 1L << 63;

  /** Bits 51:12: the widest physical address that the architecture allows. */
  public static final long ADDRESS = (1L << 52) - (1L << 12);

  public static final int LEVEL_PTE = 1;
  public static final int LEVEL_PMD = 2;
  public static final int LEVEL_PUD = 3;
  public static final int LEVEL_PGD = 4;

  public static final int ENTRIES_PER_TABLE = 512;

  private static final int BITS_PER_LEVEL = 9;
  private static final int PAGE_SHIFT = 12;
  private static final int VADDR_BITS = 48;

  private PteBits() {}

  /** A word that maps or links to frame {@code pfn}. */
  public static long pte(long pfn, long flags) {
    return pfn << PAGE_SHIFT | flags;
  }

  /** Frame number of bits 51:12; not checked against any memory size. */
  public static long pfn(long pte) {
    return (pte & ADDRESS) >>> PAGE_SHIFT;
  }

  public static boolean isPresent(long pte) {
    return (pte & P) != 0;
  }

  /** Whether the word, found at {@code level}, maps memory rather than linking to a table. */
  public static boolean isLeaf(long pte, int level) {
    return level == LEVEL_PTE || (level < LEVEL_PGD && (pte & PS) != 0);
  }

  public static int pkey(long pte) {
    return (int) (pte >>> PKEY_SHIFT) & 15;
  }

  public static int pgdIndex(long vaddr) {
    return index(vaddr, LEVEL_PGD);
  }

  public static int pudIndex(long vaddr) {
    return index(vaddr, LEVEL_PUD);
  }

  public static int pmdIndex(long vaddr) {
    return index(vaddr, LEVEL_PMD);
  }

  public static int pteIndex(long vaddr) {
    return index(vaddr, LEVEL_PTE);
  }

  /** Slot of {@code vaddr} in a table of {@code level}. */
  public static int index(long vaddr, int level) {
    return (int) (vaddr >>> shift(level)) & (ENTRIES_PER_TABLE - 1);
  }

  /** Log2 of the bytes that one entry of {@code level} covers: 12, 21, 30, 39. */
  public static int shift(int level) {
    return PAGE_SHIFT + (level - 1) * BITS_PER_LEVEL;
  }

  /** Bytes that one entry of {@code level} covers. */
  public static long size(int level) {
    return 1L << shift(level);
  }

  /** Whether bits 63:47 of a linear address are equal (SDM vol 1, 3.3.7.1). */
  public static boolean isCanonical(long vaddr) {
    int unused = Long.SIZE - VADDR_BITS;
    return vaddr << unused >> unused == vaddr;
  }
}
