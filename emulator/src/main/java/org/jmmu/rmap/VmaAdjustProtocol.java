package org.jmmu.rmap;

import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Seam of race vma-adjust: the functions that the patches of 2010, and those of 2012 that made a
 * tree of the list, touched. They decide whether a reverse-map walk and a change of a VMA's range
 * exclude each other.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface VmaAdjustProtocol {
  /** Returned by {@link #vmaAddress} for a page that is not in the VMA. */
  long EFAULT = -14;

  /**
   * Takes the lock that guards an anon_vma's links, to change them.
   *
   * @kernel include/linux/rmap.h:anon_vma_lock, from 3.8 anon_vma_lock_write
   */
  void anonVmaLock(AnonVma anonVma);

  /**
   * @kernel include/linux/rmap.h:anon_vma_unlock
   */
  void anonVmaUnlock(AnonVma anonVma);

  /**
   * Adds a link, behind those for the same pages. The caller holds the lock.
   *
   * @kernel mm/rmap.c:anon_vma_chain_link
   */
  default void anonVmaChainLink(AnonVmaChain avc) {
    avc.anonVma.addTailLocked(avc);
  }

  /**
   * Takes a link out. The caller holds the lock.
   *
   * @kernel mm/rmap.c:anon_vma_unlink, from 3.7 unlink_anon_vmas
   */
  default void anonVmaChainUnlink(AnonVmaChain avc) {
    avc.anonVma.removeLocked(avc);
  }

  /**
   * Start, end or offset of {@code vma} are about to change. The caller holds the lock of its
   * anon_vma. Nothing to do for a list: it does not go by them.
   *
   * @kernel mm/vma.c:anon_vma_interval_tree_pre_update_vma
   */
  default void preUpdateVma(Vma vma) {}

  /**
   * They have changed; the lock is still held.
   *
   * @kernel mm/vma.c:anon_vma_interval_tree_post_update_vma
   */
  default void postUpdateVma(Vma vma) {}

  /**
   * Where a page would be mapped in a VMA. The caller holds the lock of the page's anon_vma.
   *
   * @param index the page's index
   * @return page-aligned address, or {@link #EFAULT}
   * @kernel mm/rmap.c:vma_address
   */
  long vmaAddress(long index, Vma vma);

  /**
   * Visits the VMAs that may map a page, until {@code one} has seen enough. Allocates nothing,
   * unless it has to start over.
   *
   * @param index the page's index
   * @return how often it started over
   * @kernel mm/rmap.c:rmap_walk_anon
   */
  int rmapWalkAnon(AnonVma anonVma, long pfn, long index, RmapOne one, long arg);

  /**
   * Visits the VMAs that may map any page of a window, each of them once.
   *
   * @return false if this kernel walks page by page; then nothing was visited
   * @kernel mm/rmap.c:rmap_walk_anon, of a large folio
   */
  default boolean rmapWalkAnonWindow(AnonVma anonVma, RmapWindow window, RmapWindow.One one) {
    return false;
  }

  /**
   * Gives {@code vma} the range [{@code start}, {@code end}) and offset {@code pgoff}; its
   * neighbour behind it gives way, grows or disappears, or {@code insert} (already on the reverse
   * map) fills the gap. The caller holds mmap_lock(W).
   *
   * @kernel mm/mmap.c:vma_adjust
   */
  void vmaAdjust(
      AnonVmas anonVmas, Vma vma, long start, long end, long pgoff, @Nullable Vma insert);
}
