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
 * memory that does not exist.
 *
 * @kernel arch/x86/include/asm/pgtable_64.h:__swp_entry
 */
public final class SwapPte {
  private static final int TYPE_SHIFT = 59;
  private static final int OFFSET_SHIFT = 9;
  private static final int OFFSET_TOP = Long.SIZE - TYPE_SHIFT; // bits above the offset

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

  public static int type(long pteVal) {
    return (int) (pteVal >>> TYPE_SHIFT);
  }

  public static long offset(long pteVal) {
    return ~pteVal << OFFSET_TOP >>> (OFFSET_TOP + OFFSET_SHIFT);
  }
}
