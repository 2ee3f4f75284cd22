package org.jmmu.rmap;

import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.Mem;
import org.jmmu.types.Vma;

/**
 * One page's way from one entry to another. Both are words of tables that the caller keeps in
 * place, by mmap_lock(R).
 *
 * @param pfn the page, locked; of a present entry only
 * @param srcPteVal what was found at {@code srcPteAddr}
 */
public record MovePte(
    PageTables tables,
    Vma srcVma,
    Vma dstVma,
    long srcVaddr,
    long dstVaddr,
    long srcPteAddr,
    long dstPteAddr,
    long srcPteVal,
    long pfn) {
  /**
   * Locks both entries, that with the lower lock first: unlike mremap's, moves in both directions
   * run side by side.
   *
   * @kernel mm/userfaultfd.c:double_pt_lock
   */
  public void doublePtLock() {
    long srcPtl = tables.ptl(srcPteAddr);
    long dstPtl = tables.ptl(dstPteAddr);
    SpinLock.lock(Math.min(srcPtl, dstPtl), LockClass.PTL);
    if (srcPtl != dstPtl) {
      SpinLock.lockNested(Math.max(srcPtl, dstPtl), LockClass.PTL, 1);
    }
  }

  /**
   * @kernel mm/userfaultfd.c:double_pt_unlock
   */
  public void doublePtUnlock() {
    long srcPtl = tables.ptl(srcPteAddr);
    long dstPtl = tables.ptl(dstPteAddr);
    if (srcPtl != dstPtl) {
      SpinLock.unlock(Math.max(srcPtl, dstPtl), LockClass.PTL);
    }
    SpinLock.unlock(Math.min(srcPtl, dstPtl), LockClass.PTL);
  }

  /**
   * Whether both entries are as they were found; under both locks.
   *
   * @kernel mm/userfaultfd.c:is_pte_pages_stable
   */
  public boolean isStable() {
    return Mem.longGetOpaque(srcPteAddr) == srcPteVal && Mem.longGetOpaque(dstPteAddr) == 0;
  }
}
