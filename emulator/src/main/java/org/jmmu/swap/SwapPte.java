package org.jmmu.swap;

/**
 * A non-present, non-zero page-table word of x86-64: a type and an offset.
 *
 * <pre>
 *   63  59 58                                     9  8   7   6   5   4   3   2   1   0
 *  +------+----------------------------------------+---+---+---+---+---+---+---+---+---+
 *  | type | offset, inverted                       | 0 | 0 | unused    | E |uwp|sd | 0 |
 *  +------+----------------------------------------+---+---+---+---+---+---+---+---+---+
 * </pre>
 *
 * The offset is inverted so that a speculative load of the word as an address (L1TF) points at
 * memory that does not exist. E says that the swapped-out page is this process's alone.
 *
 * @kernel arch/x86/include/asm/pgtable_64.h:__swp_entry
 */
public final class SwapPte {
  /** Types from here on say other things than where a page was swapped out to. */
  public static final int MAX_SWAPFILES = 24;

  private static final int TYPE_SHIFT = 59;
  private static final int OFFSET_SHIFT = 9;
  private static final int OFFSET_TOP = Long.SIZE - TYPE_SHIFT; // bits above the offset
  private static final long EXCLUSIVE = 1L << 3;
  private static final long UFFD_WP = 1L << 2;

  /** P, and bit 8 that marks a present page with PROT_NONE. */
  private static final long PRESENT = 1L << 0 | 1L << 8;

  private SwapPte() {}

  /** Type below 32, offset below 2^50. */
  public static long of(int type, long offset) {
    return (long) type << TYPE_SHIFT | ~offset << (OFFSET_SHIFT + OFFSET_TOP) >>> OFFSET_TOP;
  }

  public static boolean isSwapPte(long pteVal) {
    return pteVal != 0 && (pteVal & PRESENT) == 0;
  }

  /** Whether a word names a slot of a swap area. */
  public static boolean isSwapEntry(long pteVal) {
    return isSwapPte(pteVal) && type(pteVal) < MAX_SWAPFILES;
  }

  public static int type(long pteVal) {
    return (int) (pteVal >>> TYPE_SHIFT);
  }

  public static long offset(long pteVal) {
    return ~pteVal << OFFSET_TOP >>> (OFFSET_TOP + OFFSET_SHIFT);
  }

  /** The word that stands for a page in a slot; not exclusive. */
  public static long ofEntry(long entry) {
    return of(SwpEntry.type(entry), SwpEntry.offset(entry));
  }

  /** The slot that a word names, for which {@link #isSwapEntry} holds. */
  public static long toEntry(long pteVal) {
    return SwpEntry.of(type(pteVal), offset(pteVal));
  }

  public static boolean isExclusive(long pteVal) {
    return (pteVal & EXCLUSIVE) != 0;
  }

  public static long mkExclusive(long pteVal) {
    return pteVal | EXCLUSIVE;
  }

  public static long clearExclusive(long pteVal) {
    return pteVal & ~EXCLUSIVE;
  }

  /** Whether the entry that the word stands for told a userfaultfd of writes. */
  public static boolean isUffdWp(long pteVal) {
    return (pteVal & UFFD_WP) != 0;
  }

  public static long mkUffdWp(long pteVal) {
    return pteVal | UFFD_WP;
  }

  public static long clearUffdWp(long pteVal) {
    return pteVal & ~UFFD_WP;
  }
}
