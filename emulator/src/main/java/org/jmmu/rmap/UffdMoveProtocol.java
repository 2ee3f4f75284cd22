package org.jmmu.rmap;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.AnonVma;
import org.jmmu.types.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Seam of race uffd-move: UFFDIO_MOVE gives a page to an anon_vma with another root, while a walk
 * that does not hold the page lock is on its way to the page's entry.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface UffdMoveProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(
      PhysMemory phys,
      PageTables tables,
      TlbFlush tlbFlush,
      AnonVmas anonVmas,
      PageRmap pageRmap) {}

  /**
   * First of all, for a walk whose caller has not locked the page.
   *
   * @return whether the walk may go on
   * @kernel mm/rmap.c:folio_referenced
   */
  boolean lockFolio(Parts parts, long pfn);

  /** After a walk for which {@link #lockFolio} said yes. */
  void unlockFolio(Parts parts, long pfn);

  /**
   * Locks the root of a page's anon_vma for reading, whatever happens to the page meanwhile. The
   * caller has a reference to the page.
   *
   * @return null, with nothing locked, if the page is not mapped, is not anonymous, or if the lock
   *     is not to be waited for
   * @kernel mm/rmap.c:folio_lock_anon_vma_read
   */
  @Nullable AnonVma folioLockAnonVmaRead(Parts parts, long pfn, RmapWalkControl rwc);

  /**
   * Moves a present entry. The caller holds mmap_lock(R) and the page lock, and has a reference to
   * the page.
   *
   * @return null if it is done; EAGAIN if something has changed and it is to be tried again; EBUSY
   *     if the page is not the process's alone
   * @kernel mm/userfaultfd.c:move_pages_pte, move_present_pte
   */
  @Nullable Errno movePresentPte(Parts parts, MovePte move);
}
