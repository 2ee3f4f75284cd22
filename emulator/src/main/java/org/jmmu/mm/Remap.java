package org.jmmu.mm;

import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * One call of mremap, or its part for one VMA. For one thread; changed while mmap_lock(W) is held.
 *
 * @kernel mm/mremap.c:struct vma_remap_struct
 */
final class Remap {
  final Mm mm;
  final int flags;

  /** Page-aligned lengths. */
  long oldLength;

  long newLength;
  long vaddr;

  /** Where it goes; until that is decided, what the caller asked for. */
  long newVaddr;

  /** Pages that the commit limit was charged with. */
  long charged;

  /** A locked mapping grew: its new part is to be faulted in. */
  boolean populateExpand;

  Remap(Mm mm, long vaddr, long oldLength, long newLength, int flags, long newVaddr) {
    this.mm = mm;
    this.vaddr = vaddr;
    this.oldLength = Mman.pageAlign(oldLength);
    this.newLength = Mman.pageAlign(newLength);
    this.flags = flags;
    this.newVaddr = newVaddr;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  boolean grows() {
    return Long.compareUnsigned(newLength, oldLength) > 0;
  }

  boolean shrinks() {
    return Long.compareUnsigned(newLength, oldLength) < 0;
  }

  /** Bytes by which it grows or shrinks. */
  long delta() {
    return grows() ? newLength - oldLength : oldLength - newLength;
  }

  /** Whether the pages move in any case. @kernel mm/mremap.c:vrm_implies_new_addr */
  boolean impliesNewVaddr() {
    return has(Mman.MREMAP_FIXED) || has(Mman.MREMAP_DONTUNMAP);
  }

  /** Whether it can be for many VMAs at once. @kernel mm/mremap.c:vrm_move_only */
  boolean isMoveOnly() {
    return has(Mman.MREMAP_FIXED) && oldLength == newLength;
  }

  /**
   * @kernel mm/mremap.c:vrm_overlaps
   */
  boolean overlaps() {
    return Long.compareUnsigned(vaddr + oldLength, newVaddr) > 0
        && Long.compareUnsigned(newVaddr + newLength, vaddr) > 0;
  }

  /** The VMA at the old address. @throws org.jmmu.types.ErrnoException EFAULT if none is there */
  Vma source() {
    return Mman.vmaAt(mm, vaddr);
  }
}
