package org.jmmu.rmap;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.types.Vma;

/**
 * Seam of race mremap-peek: whether the second walk of a migration finds an entry that mremap is
 * moving.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface MremapPeekProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(Frames frames, PageTables tables, AnonVmas anonVmas, PageRmap pageRmap) {}

  /**
   * Makes the migration entry for the old frame, if {@code vaddr} has one, map the new frame. The
   * caller holds the lock of the page's anon_vma.
   *
   * @param pfn the new frame
   * @return whether to go on to the next VMA
   * @kernel mm/migrate.c:remove_migration_pte
   */
  boolean removeMigrationPte(Parts parts, long pfn, Vma vma, long vaddr, long oldPfn);

  /**
   * Before a table's worth of entries moves: keeps reverse-map walks out. The caller holds
   * mmap_lock(W).
   *
   * @param vma where they come from
   * @param needRmapLocks whether a walk may visit the VMA they go to before {@code vma}
   * @kernel mm/mremap.c:take_rmap_locks, as move_ptes calls it
   */
  void takeRmapLocks(Parts parts, Vma vma, boolean needRmapLocks);

  /**
   * @kernel mm/mremap.c:drop_rmap_locks, as move_ptes calls it
   */
  void dropRmapLocks(Parts parts, Vma vma, boolean needRmapLocks);
}
