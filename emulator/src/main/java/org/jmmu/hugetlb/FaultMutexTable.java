package org.jmmu.hugetlb;

import java.util.Arrays;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jmmu.types.AddressSpace;

/**
 * One mutex for each page of each file, by hash: two pages may share one.
 *
 * @kernel mm/hugetlb.c:hugetlb_fault_mutex_table
 */
public final class FaultMutexTable {
  private static final int PER_CPU = 8;

  private final RwSem[] mutexes;

  public FaultMutexTable(int nrCpus, LockClass cls) {
    mutexes = new RwSem[Integer.highestOneBit(2 * PER_CPU * nrCpus - 1)];
    Arrays.setAll(mutexes, i -> new RwSem(cls));
  }

  /**
   * @param index of the page, in huge pages
   * @kernel mm/hugetlb.c:hugetlb_fault_mutex_hash
   */
  RwSem of(AddressSpace mapping, long index) {
    return mutexes[Long.hashCode(31 * mapping.ino + index) & (mutexes.length - 1)];
  }

  /** Returns when every fault that was under way has ended. */
  void waitForFaults() {
    for (RwSem mutex : mutexes) {
      mutex.writeLock();
      mutex.writeUnlock();
    }
  }

  /** For oracles. */
  public boolean isLocked() {
    return Arrays.stream(mutexes).anyMatch(RwSem::isLocked);
  }
}
