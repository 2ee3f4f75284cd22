package org.jmmu.mm;

import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.types.Vma;

/**
 * Seam of race unshare-split: when a mapping of huge pages that is about to be split gives up the
 * table of the GiB that the split goes through.
 */
public interface UnshareSplitProtocol {
  /**
   * Before anything is locked for the split.
   *
   * @kernel mm/hugetlb.c:hugetlb_vm_op_split
   */
  void maySplit(HugetlbUnmap unmap, Vma vma, long vaddr);

  /**
   * Faults are kept out of the VMA, and walks from the file by i_mmap_rwsem(W).
   *
   * @kernel mm/hugetlb.c:hugetlb_split
   */
  void split(HugetlbUnmap unmap, Vma vma, long vaddr);
}
