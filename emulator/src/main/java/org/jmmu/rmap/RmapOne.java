package org.jmmu.rmap;

import org.jmmu.types.Vma;

/** What a walk does in each VMA that may map the page. */
public interface RmapOne {
  /**
   * @param vaddr where the page would be mapped in {@code vma}
   * @param arg what the caller of the walk passed
   * @return whether to go on to the next VMA
   */
  boolean rmapOne(long pfn, Vma vma, long vaddr, long arg);
}
