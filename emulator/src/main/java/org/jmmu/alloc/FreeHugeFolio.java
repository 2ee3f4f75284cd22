package org.jmmu.alloc;

/** Takes huge pages back that nobody has a reference to any more. */
@FunctionalInterface
public interface FreeHugeFolio {
  /**
   * @param pfn the first of its frames
   * @kernel mm/hugetlb.c:free_huge_folio
   */
  void freeHugeFolio(long pfn);
}
