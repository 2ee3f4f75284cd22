package org.jmmu.pgtable;

import org.jmmu.alloc.Frames;
import org.jmmu.phys.PhysMemory;

/**
 * Seam of race pmd-share-count: how it is known how many address spaces link a table of PMDs.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface PmdShareCountProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(PhysMemory phys, Frames frames) {}

  /**
   * One sharer more. The caller holds i_mmap_rwsem.
   *
   * @kernel include/linux/mm.h:ptdesc_pmd_pts_inc
   */
  void inc(Parts parts, long tablePfn);

  /**
   * One sharer less, which was not the last.
   *
   * @kernel include/linux/mm.h:ptdesc_pmd_pts_dec
   */
  void dec(Parts parts, long tablePfn);

  /**
   * Whether more than one entry links the table.
   *
   * @kernel include/linux/mm.h:ptdesc_pmd_is_shared
   */
  boolean isShared(Parts parts, long tablePfn);

  /** For oracles: how many entries link the table, if nobody looks at it by frame. */
  int count(Parts parts, long tablePfn);
}
