package org.jmmu.bench;

import org.jmmu.phys.PhysMemory;

/**
 * The memory that fault benchmarks touch: 1 MiB, so that its frames stay in the caches while they
 * are used again and again.
 */
final class Region {
  static final long PAGE_SIZE = PhysMemory.PAGE_SIZE;
  static final int PAGES = 256;
  static final long BYTES = PAGES * PAGE_SIZE;

  /** What calls work on whose time per page counts: 64 MiB, far more than the caches hold. */
  static final int MANY_PAGES = 16384;

  private Region() {}
}
