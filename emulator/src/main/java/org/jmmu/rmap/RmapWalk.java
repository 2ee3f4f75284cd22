package org.jmmu.rmap;

import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;

/**
 * Visits every VMA that may map an anonymous page. Allocates nothing.
 *
 * @kernel mm/rmap.c:rmap_walk_anon
 */
public final class RmapWalk {
  private final PhysMemory phys;
  private final AnonVmas anonVmas;
  private final VmaAdjustProtocol protocol;

  public RmapWalk(PhysMemory phys, AnonVmas anonVmas) {
    this.phys = phys;
    this.anonVmas = anonVmas;
    this.protocol = anonVmas.protocol();
  }

  /**
   * The caller holds the page lock, and the page is mapped or its anon_vma pinned: either keeps
   * mapping and index still.
   */
  public void walk(long pfn, RmapOne one, long arg) {
    AnonVma anonVma = anonVmas.of(PageDesc.mappingGetAcquire(phys, pfn));
    if (anonVma == null) {
      return;
    }
    long index = PageDesc.indexGetOpaque(phys, pfn);
    protocol.anonVmaLock(anonVma);
    try {
      for (AnonVmaChain avc = anonVma.headLocked();
          avc != null;
          avc = avc.sameAnonVmaNextLocked()) {
        PausePoint.reach("rmapWalk.vma");
        long vaddr = protocol.vmaAddress(index, avc.vma);
        if (vaddr != VmaAdjustProtocol.EFAULT && !one.rmapOne(pfn, avc.vma, vaddr, arg)) {
          break;
        }
      }
    } finally {
      protocol.anonVmaUnlock(anonVma);
    }
  }
}
