package org.jmmu.mm;

import org.jmmu.hugetlb.HugetlbUnmap;
import org.jmmu.types.Vma;

/**
 * Linux since 6.16: the table is given up under the locks of the split, so that nobody can share
 * one again before the VMA has become too small for it.
 *
 * @kernel 081056dc00a2
 */
public final class UnshareSplitUnderLocks implements UnshareSplitProtocol {
  @Override
  public void maySplit(HugetlbUnmap unmap, Vma vma, long vaddr) {}

  @Override
  public void split(HugetlbUnmap unmap, Vma vma, long vaddr) {
    unmap.unsharePmds(vma, vaddr, HugetlbUnmap.Locks.HELD);
  }
}
