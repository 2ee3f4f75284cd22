package org.jmmu.alloc;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;

/**
 * A stack of free frames, linked through their descriptors. Its word stands off-heap, beside the
 * lock word that guards it, so that taking a frame touches one line besides the frame's own:
 *
 * <pre>
 *   byte 0    4    8    12
 *        lock -    top  size      int each; top 0: empty
 * </pre>
 *
 * Top and size are read and written as one word: this is the deepest point of a fault, where each
 * access counts.
 */
final class FrameStack {
  private static final int TOP_AND_SIZE = 8;
  private static final long ONE = 1L << Integer.SIZE; // of size

  private FrameStack() {}

  static int size(long stack) {
    return (int) (Mem.longGetPlain(stack + TOP_AND_SIZE) >>> Integer.SIZE);
  }

  static void push(PhysMemory phys, long stack, long pfn) {
    long word = Mem.longGetPlain(stack + TOP_AND_SIZE);
    PageDesc.nextSetPlain(phys, pfn, (int) word);
    Mem.longSetPlain(stack + TOP_AND_SIZE, (word & -ONE) + ONE + pfn);
  }

  /** The frame pushed last, or {@link Buddy#NO_FRAME}. */
  static long pop(PhysMemory phys, long stack) {
    long word = Mem.longGetPlain(stack + TOP_AND_SIZE);
    int pfn = (int) word;
    if (pfn != Buddy.NO_FRAME) {
      long rest = (word & -ONE) - ONE;
      Mem.longSetPlain(stack + TOP_AND_SIZE, rest + PageDesc.nextGetPlain(phys, pfn));
    }
    return pfn;
  }

  /** Forgets the frames. */
  static void clear(long stack) {
    Mem.longSetPlain(stack + TOP_AND_SIZE, 0);
  }
}
