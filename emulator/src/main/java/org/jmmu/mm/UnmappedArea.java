package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jmmu.types.VmaTree;

/**
 * Finds room for a mapping: a free range that also keeps the stack guard gap below every VMA that
 * grows downwards.
 *
 * <p>Its address will be {@code alignOffset} modulo {@code alignMask + 1}, a power of two; that
 * much more is asked of the gap, so that the range can be moved within it. A gap that would do only
 * as it lies is not found, as in Linux.
 *
 * @kernel mm/vma.c:unmapped_area, unmapped_area_topdown
 */
final class UnmappedArea {
  /** No room. */
  static final long NONE = VmaTree.NO_GAP;

  private UnmappedArea() {}

  /** The highest place within [{@code low}, {@code high}). The caller holds mmap_lock. */
  static long topDown(
      VmaTree vmas, long low, long high, long length, long alignMask, long alignOffset) {
    long padded = length + alignMask;
    if (Long.compareUnsigned(padded, high - low) > 0) {
      return NONE;
    }
    long limit = high;
    while (true) {
      long found = vmas.highestGap(low, limit, padded);
      if (found == NONE) {
        return NONE;
      }
      long gapEnd = found + padded;
      Vma next = vmas.find(found);
      if (next == null || !growsDown(next) || startGap(next) >= gapEnd) {
        long start = gapEnd - length;
        return start - ((start - alignOffset) & alignMask);
      }
      limit = startGap(next);
    }
  }

  /** The lowest place within [{@code low}, {@code high}). The caller holds mmap_lock. */
  static long bottomUp(
      VmaTree vmas, long low, long high, long length, long alignMask, long alignOffset) {
    long padded = length + alignMask;
    if (Long.compareUnsigned(padded, high - low) > 0) {
      return NONE;
    }
    long limit = low;
    while (true) {
      long found = vmas.lowestGap(limit, high, padded);
      if (found == NONE) {
        return NONE;
      }
      long start = found + ((alignOffset - found) & alignMask);
      Vma next = vmas.find(found);
      // The alignment is counted once more here, and a byte less, as in Linux.
      if (next == null || !growsDown(next) || startGap(next) >= start + padded - 1) {
        return start;
      }
      limit = next.vmEndGetOpaque();
    }
  }

  private static boolean growsDown(Vma vma) {
    return (vma.vmFlagsGetOpaque() & VmFlags.VM_GROWSDOWN) != 0;
  }

  /** Lowest address that must stay free before the VMA. @kernel include/linux/mm.h:vm_start_gap */
  static long startGap(Vma vma) {
    long start = vma.vmStartGetOpaque();
    if (!growsDown(vma)) {
      return start;
    }
    return Math.max(0, start - (vma.mm.sysctl.stackGuardGap << PAGE_SHIFT));
  }
}
