package org.jmmu.mm;

import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.MovePte;
import org.jmmu.rmap.PageRmap;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Seam of race uffd-move-swap: whether the page that the swap cache had for a swap entry is still
 * that entry's when the entry moves.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface UffdMoveSwapProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(
      PhysMemory phys,
      AnonVmas anonVmas,
      PageRmap pageRmap,
      Swapfile swapfile,
      SwapCache swapCache) {}

  /**
   * Moves a swap entry, and with it the place of its page, if the swap cache has that. The caller
   * holds mmap_lock(R).
   *
   * @param pfn what the swap cache had, locked and with a reference of the caller's; NO_FRAME if
   *     there was nothing
   * @return null if it is done; EAGAIN if something has changed and it is to be tried again
   * @kernel mm/userfaultfd.c:move_swap_pte
   */
  @Nullable Errno moveSwapPte(Parts parts, MovePte move, long pfn);
}
