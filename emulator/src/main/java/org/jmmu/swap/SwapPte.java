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
 * Before 4.19 it was, without E:
 *
 * <pre>
 *   63                                            9  8   7   6  5                   1   0
 *  +-----------------------------------------------+---+---+---+---------------------+---+
 *  | offset                                        | 0 | 0 | 0 | type                | 0 |
 *  +-----------------------------------------------+---+---+---+---------------------+---+
 * </pre>
 *
 * Bit 58 tells the two apart: no offset is so large that it has that bit, inverted or not.
 *
 * <p>The offset is inverted so that a speculative load of the word as an address (L1TF) points at
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

  /** Of an offset it is 0, of an inverted one 1. */
  private static final long INVERTED = 1L << (TYPE_SHIFT - 1);

  /** Swap types of the older encoding. */
  private static final int LOW_MAX_SWAPFILES = 29;

  private static final int LOW_TYPE_SHIFT = 1;
  private static final int LOW_TYPE_MASK = 31;

  /** P, and bit 8 that marks a present page with PROT_NONE. */
  private static final long PRESENT = 1L << 0 | 1L << 8;

  private SwapPte() {}

  /** Type below 32, offset below 2^49. */
  public static long of(int type, long offset) {
    return (long) type << TYPE_SHIFT | ~offset << (OFFSET_SHIFT + OFFSET_TOP) >>> OFFSET_TOP;
  }

  /** The same in the older encoding; 0 if both are. */
  public static long ofLowType(int type, long offset) {
    return offset << OFFSET_SHIFT | (long) type << LOW_TYPE_SHIFT;
  }

  /** Whether a word, for which {@link #isSwapPte} holds, is of the older encoding. */
  static boolean isLowType(long pteVal) {
    return (pteVal & INVERTED) == 0;
  }

  public static boolean isSwapPte(long pteVal) {
    return pteVal != 0 && (pteVal & PRESENT) == 0;
  }

  /** Whether a word names a slot of a swap area. */
  public static boolean isSwapEntry(long pteVal) {
    return isSwapPte(pteVal)
        && type(pteVal) < (isLowType(pteVal) ? LOW_MAX_SWAPFILES : MAX_SWAPFILES);
  }

  public static int type(long pteVal) {
    return isLowType(pteVal)
        ? (int) (pteVal >>> LOW_TYPE_SHIFT) & LOW_TYPE_MASK
        : (int) (pteVal >>> TYPE_SHIFT);
  }

  public static long offset(long pteVal) {
    return isLowType(pteVal)
        ? pteVal >>> OFFSET_SHIFT
        : ~pteVal << OFFSET_TOP >>> (OFFSET_TOP + OFFSET_SHIFT);
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
    return !isLowType(pteVal) && (pteVal & EXCLUSIVE) != 0;
  }

  public static long mkExclusive(long pteVal) {
    return pteVal | EXCLUSIVE;
  }

  public static long clearExclusive(long pteVal) {
    return isLowType(pteVal) ? pteVal : pteVal & ~EXCLUSIVE;
  }

  /** Whether the entry that the word stands for told a userfaultfd of writes. */
  public static boolean isUffdWp(long pteVal) {
    return !isLowType(pteVal) && (pteVal & UFFD_WP) != 0;
  }

  /** The older encoding, of kernels without userfaultfd, has no room for it. */
  public static long mkUffdWp(long pteVal) {
    return isLowType(pteVal) ? pteVal : pteVal | UFFD_WP;
  }

  public static long clearUffdWp(long pteVal) {
    return isLowType(pteVal) ? pteVal : pteVal & ~UFFD_WP;
  }
}
