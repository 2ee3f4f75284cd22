/**
 * Kernel locks. Every lock has a {@link org.jmmu.lock.LockClass class}, and the order of the
 * classes is written once, here:
 *
 * <p>A class may be taken while any of those above it on its branch is held (child = taken inside).
 * Exceptions: a trylock may be taken in any order, because it does not wait; a class may be held
 * twice only through the {@code …Nested} methods, with a growing subclass. The checker ({@link
 * org.jmmu.lock.LockOrderChecker}) enforces this text in tests.
 *
 * <p>Every wait has a {@link org.jmmu.sched.Deadline}; when it passes, a {@link
 * org.jmmu.lock.DeadlockException} says who holds what.
 */
@LockOrder(
    """
    mmap_lock                       # vmas, faults
      page_lock                     # PG_locked
        i_mmap_rwsem                # file mappings
          anon_vma                  # list of VMAs; from 2.6.36 on the root's
            page_table_lock         # mm.page_table_lock: upper levels
              ptl                   # entries of one table; two tables: nested, child's first in fork
                wait_queue          # buckets of page waiters
                zone_lock           # free lists
    """)
@NullMarked
package org.jmmu.lock;

import org.jspecify.annotations.NullMarked;
