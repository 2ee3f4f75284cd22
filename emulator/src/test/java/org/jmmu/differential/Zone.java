package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.SplittableRandom;
import org.jmmu.mm.Mman;

/**
 * Draws addresses and ranges from one part of the window, small enough that mappings meet. How
 * large, and where, differs between sequences.
 */
final class Zone {
  private static final int MIN_PAGES = 6;
  private static final int MAX_PAGES = 72;
  private static final int MAX_RANGE_PAGES = 32;
  private static final long[] OFFSETS_IN_PAGE = {0, 0, 8, 2048, 4088};

  private final SplittableRandom random;
  private final boolean odd;
  private final int start;
  private final int nrPages;
  private final int maxRangePages;

  /**
   * @param odd whether some arguments are to be none that make sense
   */
  Zone(SplittableRandom random, boolean odd) {
    this.random = random;
    this.odd = odd;
    nrPages = random.nextInt(MIN_PAGES, MAX_PAGES + 1);
    start =
        switch (random.nextInt(4)) {
          case 0 -> 0;
          case 1 -> Window.NR_SMALL_PAGES - nrPages;
          default -> Window.TABLE_BOUNDARY - nrPages / 2;
        };
    maxRangePages = 1 + random.nextInt(Math.min(MAX_RANGE_PAGES, nrPages));
  }

  /** One of the addresses that are compared after every call. */
  long accessAddress() {
    return pageAddress() + OFFSETS_IN_PAGE[random.nextInt(OFFSETS_IN_PAGE.length)];
  }

  /** Of the start of a range. */
  long address() {
    return isOdd() ? pageAddress() + random.nextInt((int) PAGE_SIZE) : pageAddress();
  }

  /** Of a range, which does not leave the zone unless it is an odd one. */
  long length(long vaddr) {
    if (isOdd()) {
      return oddLength(vaddr);
    }
    long pagesLeft = start + nrPages - Window.page(vaddr);
    return Math.min(1 + random.nextInt(maxRangePages), pagesLeft) * PAGE_SIZE;
  }

  private long oddLength(long vaddr) {
    return switch (random.nextInt(8)) {
      case 0, 1 -> 0;
      case 2 -> -1 - random.nextInt(2 * (int) PAGE_SIZE);
      case 3 -> Mman.TASK_SIZE - vaddr + PAGE_SIZE;
      case 4 -> Long.MIN_VALUE;
      case 5 -> Mman.TASK_SIZE + random.nextInt(3) * PAGE_SIZE;
      default -> 1 + random.nextInt((int) PAGE_SIZE);
    };
  }

  /** Whether an argument is to be an odd one. */
  boolean isOdd() {
    return odd && random.nextInt(40) == 0;
  }

  private long pageAddress() {
    return Window.address(start + random.nextInt(nrPages));
  }
}
