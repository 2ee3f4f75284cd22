package org.jmmu.lock;

import java.util.Locale;

/** Kinds of locks; their order stands in the package documentation. */
public enum LockClass {
  /** mm.mmap_lock, mmap_sem before 5.8. */
  MMAP_LOCK,
  /** The PG_locked bit of a page. */
  PAGE_LOCK,
  /** Of a file mapping. */
  I_MMAP_RWSEM,
  /** Of an anon_vma, or of the root of its fork tree. */
  ANON_VMA,
  /** mm.page_table_lock. */
  PAGE_TABLE_LOCK,
  /** Split page-table lock, in the descriptor of the table's frame. */
  PTL,
  /** Buckets of the page wait queues. */
  WAIT_QUEUE,
  /** Of the buddy allocator. */
  ZONE_LOCK;

  /** The name in the lock-order tree. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
