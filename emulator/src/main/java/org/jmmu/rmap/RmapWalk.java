package org.jmmu.rmap;

import java.util.concurrent.atomic.LongAdder;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KsmStableNode;

/**
 * Visits every VMA that may map an anonymous page. Allocates nothing.
 *
 * @kernel mm/rmap.c:rmap_walk_anon
 */
public final class RmapWalk {
  private final PhysMemory phys;
  private final AnonVmas anonVmas;
  private final SlotTable<KsmStableNode> ksmNodes;
  private final VmaAdjustProtocol protocol;
  private final LongAdder restarts = new LongAdder();

  public RmapWalk(PhysMemory phys, AnonVmas anonVmas, SlotTable<KsmStableNode> ksmNodes) {
    this.phys = phys;
    this.anonVmas = anonVmas;
    this.ksmNodes = ksmNodes;
    this.protocol = anonVmas.protocol();
  }

  /**
   * The caller holds the page lock, and the page is mapped or its anon_vma pinned: either keeps
   * mapping and index still.
   */
  public void walk(long pfn, RmapOne one, long arg) {
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    if (Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM) {
      KsmRmapWalk.walk(protocol, ksmNodes.get(mapping), pfn, one, arg);
      return;
    }
    AnonVma anonVma = anonVmas.of(mapping);
    if (anonVma == null) {
      return;
    }
    long index = PageDesc.indexGetOpaque(phys, pfn);
    int again = protocol.rmapWalkAnon(anonVma, pfn, index, one, arg);
    if (again != 0) {
      restarts.add(again);
    }
  }

  /** How often walks have started over since {@link #reset}. */
  public long restarts() {
    return restarts.sum();
  }

  public void reset() {
    restarts.reset();
  }
}
