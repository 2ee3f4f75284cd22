package org.jmmu.alloc;

/** What the allocator does when there is no free frame. */
public interface DirectReclaim {
  /**
   * Takes pages away from those who do not use them. The caller may hold mmap_lock, VMA locks and
   * page locks, but nothing inside those.
   *
   * @return whether it is worth while to try again
   * @kernel mm/vmscan.c:try_to_free_pages
   */
  boolean tryToFreePages();
}
