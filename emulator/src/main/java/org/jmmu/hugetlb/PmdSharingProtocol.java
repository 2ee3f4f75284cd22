package org.jmmu.hugetlb;

import org.jmmu.hw.Cpu;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Seam of race pmd-sharing: what keeps an entry in place that a fault has found in a shared table.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface PmdSharingProtocol {
  /** The class of the fault mutexes: their place in the lock order is part of the protocol. */
  LockClass faultMutexClass();

  /**
   * @param vaddr huge page aligned
   * @kernel mm/hugetlb.c:hugetlb_fault
   */
  int hugetlbFault(HugetlbFault fault, @Nullable Cpu cpu, Vma vma, long vaddr, int flags);

  /** Whether a fault, which holds the ptl of its entry by now, may go on. */
  boolean isStillPtep(PmdSharing sharing, Vma vma, long vaddr, long pmdAddr);

  /**
   * Before entries of the VMA are taken out or changed for its own sake; it maps a file.
   *
   * @kernel mm/hugetlb.c:hugetlb_zap_begin
   */
  void lockForUnmap(Vma vma);

  /**
   * @kernel mm/hugetlb.c:hugetlb_zap_end
   */
  void unlockForUnmap(Vma vma);

  /**
   * Unmaps the pages [{@code first}, {@code last}] of a file, in frames; may leave some that are in
   * its page cache.
   *
   * @kernel fs/hugetlbfs/inode.c:hugetlb_vmdelete_list
   */
  void vmdeleteList(HugetlbUnmap unmap, AddressSpace mapping, long first, long last);

  /**
   * Unmaps a page that is about to be removed from the page cache. The caller holds the fault mutex
   * and will find it held.
   *
   * @kernel fs/hugetlbfs/inode.c:hugetlb_unmap_file_folio
   */
  void unmapFileFolio(HugetlbUnmap unmap, AddressSpace mapping, long index, RwSem mutex);

  /**
   * Keeps the VMAs of a file still for somebody who holds the lock of a page of it, and a
   * reference. Whatever happens, the page is locked afterwards.
   *
   * @return whether it worked; the page may have been unlocked meanwhile if {@code true}
   * @kernel mm/hugetlb.c:hugetlb_folio_mapping_lock_write
   */
  boolean mappingLockWrite(PhysMemory phys, AddressSpace mapping, long pfn);

  /** Undoes {@link #mappingLockWrite}. */
  void mappingUnlockWrite(AddressSpace mapping);

  /**
   * For a walk of the reverse map, which holds i_mmap_rwsem and the lock of a page.
   *
   * @kernel mm/hugetlb.c:hugetlb_vma_trylock_write
   */
  boolean tryLockVma(Vma vma);

  void unlockVma(Vma vma);
}
