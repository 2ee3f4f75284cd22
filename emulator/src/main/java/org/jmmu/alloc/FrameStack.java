package org.jmmu.alloc;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;

/**
 * A stack of free frames, linked through their descriptors. Its two words stand off-heap, beside
 * the lock word that guards them, so that taking a frame touches one line besides the frame's own:
 *
 * <pre>
 *   byte 0    4     8
 *        lock top   size      int each; top 0: empty
 * </pre>
 */
final class FrameStack {
  private static final int TOP = 4;
  private static final int SIZE = 8;

  private FrameStack() {}

  static int size(long stack) {
    return Mem.intGetPlain(stack + SIZE);
  }

  static void push(PhysMemory phys, long stack, long pfn) {
    PageDesc.nextSetPlain(phys, pfn, Mem.intGetPlain(stack + TOP));
    Mem.intSetPlain(stack + TOP, (int) pfn);
    Mem.intSetPlain(stack + SIZE, size(stack) + 1);
  }

  /** The frame pushed last, or {@link Buddy#NO_FRAME}. */
  static long pop(PhysMemory phys, long stack) {
    int pfn = Mem.intGetPlain(stack + TOP);
    if (pfn != Buddy.NO_FRAME) {
      Mem.intSetPlain(stack + TOP, PageDesc.nextGetPlain(phys, pfn));
      Mem.intSetPlain(stack + SIZE, size(stack) - 1);
    }
    return pfn;
  }

  /** Forgets the frames. */
  static void clear(long stack) {
    Mem.intSetPlain(stack + TOP, 0);
    Mem.intSetPlain(stack + SIZE, 0);
  }
}
