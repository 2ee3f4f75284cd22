package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.mm.Mman;

/**
 * The addresses that both sides compare; those of peer.c. A boundary between page tables, 2 MiB,
 * lies at page {@link #TABLE_BOUNDARY}.
 */
final class Window {
  static final long START = 0x2_0010_0000L;
  static final int NR_PAGES = 17_664;

  /** Where sequences without huge pages stay. */
  static final int NR_SMALL_PAGES = 1024;

  /** Where huge pages are mapped, up to the end of the window. */
  static final long HUGE_START = 0x2_0060_0000L;

  static final long END = START + NR_PAGES * PAGE_SIZE;
  static final int TABLE_BOUNDARY = 256;

  private Window() {}

  static long address(long page) {
    return START + page * PAGE_SIZE;
  }

  static long page(long vaddr) {
    return (vaddr - START) / PAGE_SIZE;
  }

  /** Whether a range is valid for a kernel, but reaches outside the window. */
  static boolean isLeftBy(long vaddr, long length) {
    return isLeftBelow(Mman.TASK_SIZE, vaddr, length);
  }

  /** The same for calls that look at the mappings of a range, and not first at its limits. */
  static boolean mayBeLeftBy(long vaddr, long length) {
    return isLeftBelow(-1, vaddr, length);
  }

  /** Whether there is room for a length is a matter of what else a process has mapped. */
  static boolean isTooLongToPlace(long length) {
    return Long.compareUnsigned(length, END - START) > 0
        && Long.compareUnsigned(length, Mman.TASK_SIZE) <= 0;
  }

  private static boolean isLeftBelow(long limit, long vaddr, long length) {
    long end = vaddr + ((length + PAGE_SIZE - 1) & PAGE_MASK);
    boolean invalid =
        Long.compareUnsigned(length, limit) > 0
            || Long.compareUnsigned(end, vaddr) < 0
            || Long.compareUnsigned(end, limit) > 0;
    return !invalid && (vaddr < START || Long.compareUnsigned(end, END) > 0);
  }
}
