package org.jmmu.swap;

/**
 * Names a slot of a swap area, independently of the architecture; 0 names none. What page tables
 * hold instead is a {@link SwapPte}.
 *
 * <pre>
 *   63 62  58 57                                                                     0
 *  +--+------+------------------------------------------------------------------------+
 *  | 0| type | offset                                                                 |
 *  +--+------+------------------------------------------------------------------------+
 * </pre>
 *
 * @kernel include/linux/swapops.h:swp_entry
 */
public final class SwpEntry {
  /** No slot: slot 0 of every area is its header. */
  public static final long NONE = 0;

  private static final int TYPE_SHIFT = 58;
  private static final long OFFSET_MASK = (1L << TYPE_SHIFT) - 1;

  private SwpEntry() {}

  /**
   * @param type number of the area
   * @param offset number of the slot in it
   */
  public static long of(int type, long offset) {
    return (long) type << TYPE_SHIFT | offset;
  }

  public static int type(long entry) {
    return (int) (entry >>> TYPE_SHIFT);
  }

  public static long offset(long entry) {
    return entry & OFFSET_MASK;
  }
}
