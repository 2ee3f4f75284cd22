/**
 * Locks as the kernel's code knows them, on Java's and on off-heap words.
 *
 * <table>
 *   <caption>kernel lock, our lock</caption>
 *   <tr><th>kernel</th><th>here</th></tr>
 *   <tr><td>{@code struct rw_semaphore}</td><td>{@link org.jmmu.lock.RwSem}</td></tr>
 *   <tr><td>{@code mm->mmap_lock}</td><td>{@link org.jmmu.lock.MmapLock}</td></tr>
 *   <tr><td>{@code vma_start_read}</td><td>{@link org.jmmu.lock.VmaLock}</td></tr>
 *   <tr><td>{@code spinlock_t}</td><td>{@link org.jmmu.lock.SpinLock}</td></tr>
 *   <tr><td>{@code PG_locked}, {@code folio_lock}</td><td>{@link org.jmmu.lock.PageLock}</td></tr>
 *   <tr><td>{@code seqcount_t}</td><td>{@link org.jmmu.lock.SeqCount}</td></tr>
 *   <tr><td>{@code rcu_read_lock}, {@code call_rcu}</td><td>{@link org.jmmu.lock.Rcu}</td></tr>
 * </table>
 *
 * <h2>Lock order</h2>
 *
 * The {@link org.jmmu.lock.LockOrder} annotation of this package is the order: what is printed
 * there is what {@link org.jmmu.lock.LockOrderChecker} parses and enforces. Exceptions to it:
 *
 * <ul>
 *   <li>A try-lock may be called in any order, because it does not wait; what it took counts as
 *       held from then on.
 *   <li>Two locks of one class need the {@code …Nested} form, with a subclass above those of the
 *       locks already held. The caller says there what orders the two.
 * </ul>
 *
 * <h2>Waiting</h2>
 *
 * Every wait has a {@link org.jmmu.sched.Deadline} and ends in a {@link
 * org.jmmu.sched.DeadlockException} that says who holds what. An interrupt does not end a wait; it
 * is kept for later, as for a thread in uninterruptible sleep. A wait of a stepped thread gives its
 * turn away instead (see {@link org.jmmu.sched.PausePoint#blocked}).
 */
@LockOrder(
    """
    BD_SEM
      MMAP_LOCK                  # as below
    KSM_THREAD_MUTEX
      INODE_LOCK
        MMAP_LOCK
          VMA_LOCK               # taken by a writer of mmap_lock to wait for the VMA's readers, never kept
            HUGETLB_INODE_LOCK   # mmap reserves pages of the file under it
              HUGETLB_FAULT_MUTEX
                HUGETLB_VMA_LOCK
                  HUGETLB_I_MMAP_RWSEM
                    HUGETLB_FAULT_MUTEX_5_7  # kernels 5.7 to 6.0 had it here
                      HUGETLB_PAGE_LOCK      # of huge pages, whose order is another than that of all others
                        I_PAGES
                        ANON_VMA             # as below
              HUGETLB_HINODE_RWSEM
                HUGETLB_I_MMAP_RWSEM         # as above
            INVALIDATE_LOCK
              PAGE_LOCK
                I_PAGES
                I_MMAP_RWSEM
                  ANON_VMA
                    PAGE_TABLE_LOCK  # allocating a page-table page takes this one without PTL
                      PTL            # two at once: fork, the child's table before the parent's; mremap, old before new
                        HUGETLB_LOCK
                          PCP_LOCK   # pages for the pool, as below
                        PCP_LOCK     # allocations under a page-table lock do not wait
                          ZONE_LOCK
                        WAIT_QUEUE   # a waiter for a migration entry queues itself before it drops PTL
    """)
@NullMarked
package org.jmmu.lock;

import org.jspecify.annotations.NullMarked;
