package org.jmmu.lock;

import org.jmmu.sched.PausePoint;

/**
 * What a lock protects, whichever instance of it: lock order is a rule between classes. The order
 * stands in the package documentation.
 *
 * @kernel include/linux/lockdep_types.h:struct lock_class
 */
public enum LockClass {
  /** {@code inode->i_rwsem}: size and contents of one file, against each other's changes. */
  INODE_LOCK,

  /** {@code ksm_thread_mutex}: what is known of pages that are or may be merged. */
  KSM_THREAD_MUTEX,

  /** {@code mm->bd_sem}, as proposed in 2014: which bounds tables one directory names. */
  BD_SEM,

  /** {@code mm->mmap_lock}, {@code mmap_sem} before 5.8: the VMAs of one address space. */
  MMAP_LOCK,

  /** {@code vma->vm_refcnt}, the per-VMA lock: the fields of one VMA, held by a fault in it. */
  VMA_LOCK,

  /** {@code mapping->invalidate_lock}: pages entering one page cache, against truncation. */
  INVALIDATE_LOCK,

  /** {@code PG_locked}: identity and contents of one page. */
  PAGE_LOCK,

  /** {@code mapping->i_mmap_rwsem}: the VMAs that map one file. */
  I_MMAP_RWSEM,

  /** {@code mapping->i_pages.xa_lock}: which pages one page cache holds. */
  I_PAGES,

  /** {@code anon_vma->root->rwsem}: the VMAs that may map one anonymous page. */
  ANON_VMA,

  /** {@code mm->page_table_lock}: the upper levels of one address space's page tables. */
  PAGE_TABLE_LOCK,

  /** Split page-table lock: the entries of one page-table page. */
  PTL,

  /** {@code pcp->lock}: one list of single free frames of the page allocator. */
  PCP_LOCK,

  /** {@code zone->lock}: the free lists of the page allocator. */
  ZONE_LOCK,

  /** One bucket of the hashed table in which page-lock waiters are parked. */
  WAIT_QUEUE,

  /** {@code inode->i_rwsem} of a file of huge pages, which mmap takes. */
  HUGETLB_INODE_LOCK,

  /** One of {@code hugetlb_fault_mutex_table}: bringing one page of a file of huge pages in. */
  HUGETLB_FAULT_MUTEX,

  /** The same in Linux 5.7 to 6.0, where it had another place in the order. */
  HUGETLB_FAULT_MUTEX_5_7,

  /** {@code hugetlb_vma_lock}: the entries that faults of one shared mapping have found. */
  HUGETLB_VMA_LOCK,

  /** {@code hinode_rwsem}, proposed in 2020: the same, for all mappings of one file. */
  HUGETLB_HINODE_RWSEM,

  /** {@code i_mmap_rwsem} of a file of huge pages, {@code hugetlbfs_i_mmap_rwsem_key}. */
  HUGETLB_I_MMAP_RWSEM,

  /** {@code PG_locked} of a huge page, which is taken late. */
  HUGETLB_PAGE_LOCK,

  /** {@code hugetlb_lock}: the pool of huge pages. */
  HUGETLB_LOCK;

  private final String lockPoint = name() + ".lock";
  private final String unlockPoint = name() + ".unlock";

  /**
   * Pause point of a stepped thread that is about to take a lock of the class. The locks of the
   * allocator and of queues have none: no race is about what they protect, and a search for
   * schedules would drown in them.
   */
  void reachLock() {
    if (PausePoint.canStep() && isPausePoint()) {
      PausePoint.reach(lockPoint);
    }
  }

  /** Pause point of a stepped thread that has just given a lock of the class up. */
  void reachUnlock() {
    if (PausePoint.canStep() && isPausePoint()) {
      PausePoint.released(unlockPoint);
    }
  }

  private boolean isPausePoint() {
    return this != PCP_LOCK && this != ZONE_LOCK && this != WAIT_QUEUE;
  }
}
