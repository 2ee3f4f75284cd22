package org.jmmu.rmap;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;

import org.jmmu.sched.PausePoint;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Vma;

/**
 * Visits every VMA that maps a page of a file. Allocates nothing.
 *
 * @kernel mm/rmap.c:rmap_walk_file
 */
final class FileRmapWalk {
  private FileRmapWalk() {}

  /** The caller holds the page lock: the page stays the file's page {@code index}. */
  static void walk(AddressSpace mapping, long index, long pfn, RmapOne one, long arg) {
    mapping.iMmapRwsem.readLock();
    try {
      for (Vma vma = mapping.iMmap.firstOverlap(index, index);
          vma != null;
          vma = mapping.iMmap.nextOverlap(vma, index, index)) {
        PausePoint.reach("rmapWalk.vma");
        long vaddr = vma.vmStartGetOpaque() + ((index - vma.vmPgoffGetOpaque()) << PAGE_SHIFT);
        if (!one.rmapOne(pfn, vma, vaddr, arg)) {
          return;
        }
      }
    } finally {
      mapping.iMmapRwsem.readUnlock();
    }
  }
}
