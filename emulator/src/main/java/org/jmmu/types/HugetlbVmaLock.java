package org.jmmu.types;

import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;

/**
 * Lock of one shared mapping of huge pages: a fault holds it for reading from the moment it looks
 * for its entry, whoever unmaps or gives a shared table up holds it for writing.
 *
 * @kernel include/linux/hugetlb.h:struct hugetlb_vma_lock
 */
public final class HugetlbVmaLock {
  public final RwSem rwSema = new RwSem(LockClass.HUGETLB_VMA_LOCK);

  private volatile boolean attached = true; // changes: rwSema(W)

  HugetlbVmaLock() {}

  /** Whether its VMA still has it; the kernel has a pointer back instead. */
  public boolean isAttachedVolatile() {
    return attached;
  }

  void detach() {
    attached = false;
  }
}
