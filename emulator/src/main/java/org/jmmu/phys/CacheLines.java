package org.jmmu.phys;

/**
 * Superclass of objects that one thread writes often while others use their neighbours on the heap:
 * keeps their fields off the cache lines of objects before them. Objects of one class tend to end
 * up side by side.
 *
 * @kernel include/linux/cache.h:____cacheline_aligned_in_smp
 */
public abstract class CacheLines {
  // Two lines, because neighbours are prefetched; superclass fields come first in an object.
  protected long pad0, pad1, pad2, pad3, pad4, pad5, pad6, pad7;
  protected long pad8, pad9, pad10, pad11, pad12, pad13, pad14;
}
