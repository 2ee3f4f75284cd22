package org.jmmu.rmap;

import org.jmmu.sched.PausePoint;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.KsmRmapItem;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Vma;

/**
 * Visits every VMA that may map a merged page. Allocates nothing.
 *
 * @kernel mm/ksm.c:rmap_walk_ksm
 */
final class KsmRmapWalk {
  private KsmRmapWalk() {}

  /**
   * The caller holds the page lock: the page keeps its node, and the node its list. Where the page
   * is mapped stands in the list, not in the VMAs; they only say whether they reach that far.
   */
  static void walk(
      VmaAdjustProtocol protocol, KsmStableNode node, long pfn, RmapOne one, long arg) {
    // Processes that were forked since the page was merged have no item of their own yet; they are
    // found through the VMAs related to their parents', after those.
    boolean more = walk(protocol, node, pfn, one, arg, false);
    if (more) {
      boolean _ = walk(protocol, node, pfn, one, arg, true);
    }
  }

  private static boolean walk(
      VmaAdjustProtocol protocol,
      KsmStableNode node,
      long pfn,
      RmapOne one,
      long arg,
      boolean searchNewForks) {
    for (KsmRmapItem item = node.headLocked(); item != null; item = item.next()) {
      AnonVma anonVma = item.anonVma;
      if (anonVma == null) {
        continue;
      }
      protocol.anonVmaLock(anonVma);
      try {
        for (AnonVmaChain avc = anonVma.firstLocked(); avc != null; avc = anonVma.nextLocked(avc)) {
          PausePoint.reach("rmapWalk.vma");
          if ((avc.vma.mm != item.mm) == searchNewForks
              && covers(avc.vma, item.address)
              && !one.rmapOne(pfn, avc.vma, item.address, arg)) {
            return false;
          }
        }
      } finally {
        protocol.anonVmaUnlock(anonVma);
      }
    }
    return true;
  }

  private static boolean covers(Vma vma, long vaddr) {
    return vaddr >= vma.vmStartGetOpaque() && vaddr < vma.vmEndGetOpaque();
  }
}
