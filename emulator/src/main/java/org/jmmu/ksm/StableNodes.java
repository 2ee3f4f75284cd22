package org.jmmu.ksm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.PageLock;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.types.KsmRmapItem;
import org.jmmu.types.KsmStableNode;
import org.jspecify.annotations.Nullable;

/**
 * The merged pages, by checksum. Guarded by the scanner's mutex. Holds no references: a page goes
 * with the last entry that maps it, and its node is dropped when that is noticed.
 *
 * @kernel mm/ksm.c:stable_tree_search, stable_tree_insert, ksm_get_folio
 */
final class StableNodes {
  private final PhysMemory phys;
  private final Frames frames;
  private final SlotTable<KsmStableNode> slots;
  private final MergePages mergePages;
  private final Map<Long, List<KsmStableNode>> nodes = new HashMap<>();

  StableNodes(
      PhysMemory phys, Frames frames, SlotTable<KsmStableNode> slots, MergePages mergePages) {
    this.phys = phys;
    this.frames = frames;
    this.slots = slots;
    this.mergePages = mergePages;
  }

  /** A node for a page that is about to be merged; in no table yet. */
  KsmStableNode allocate(long pfn, long checksum) {
    KsmStableNode node = slots.allocate();
    node.init(pfn, checksum);
    return node;
  }

  /** For a node that never got into the table. */
  void free(KsmStableNode node) {
    slots.free(node);
  }

  void insert(KsmStableNode node) {
    nodes.computeIfAbsent(node.checksum, _ -> new ArrayList<>()).add(node);
  }

  /** The node of a page with the same content as {@code pfn}, which may change meanwhile. */
  @Nullable KsmStableNode search(long pfn, long checksum) {
    for (KsmStableNode node : nodes.getOrDefault(checksum, List.of())) {
      if (!node.isStale(phys) && phys.haveSameContent(pfn, node.kpfn())) {
        return node;
      }
    }
    return null;
  }

  /** The node of a merged page, to which the caller has a reference; null for any other page. */
  @Nullable KsmStableNode of(long pfn) {
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    return Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM ? slots.get(mapping) : null;
  }

  /**
   * A reference to the page of a node.
   *
   * @return its frame, or {@link Buddy#NO_FRAME} if the page is gone
   */
  long get(KsmStableNode node) {
    while (true) {
      long pfn = node.kpfn();
      if (frames.getUnlessZero(pfn)) {
        if (!node.isStale(phys) && node.kpfn() == pfn) {
          return pfn;
        }
        frames.put(pfn);
      } else if (isFrozen(node, pfn)) {
        Thread.onSpinWait();
        continue;
      }
      if (node.kpfn() == pfn) { // else it has moved meanwhile
        return Buddy.NO_FRAME;
      }
    }
  }

  /** Not free, though without references: a page of the swap cache that is just about to move. */
  private boolean isFrozen(KsmStableNode node, long pfn) {
    boolean swapCached = (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_SWAPCACHE) != 0;
    return swapCached && !node.isStale(phys) && node.kpfn() == pfn;
  }

  /** The item's page is mapped at its address now; the caller has a reference to it. */
  void append(KsmStableNode node, KsmRmapItem item) {
    long pfn = node.kpfn();
    PageLock.lock(phys, pfn);
    node.addLocked(item);
    PageLock.unlock(phys, pfn);
  }

  /** The item's page is not mapped at its address any more, or need not be found there. */
  void remove(KsmRmapItem item) {
    KsmStableNode node = item.node;
    if (node != null) {
      long pfn = get(node);
      if (pfn == Buddy.NO_FRAME) {
        drop(node);
      } else {
        PageLock.lock(phys, pfn);
        node.removeLocked(item);
        PageLock.unlock(phys, pfn);
        frames.put(pfn);
      }
    }
    mergePages.unpinAnonVma(item);
  }

  /** Forgets pages that are gone. @kernel mm/ksm.c:remove_node_from_stable_tree */
  void prune() {
    List<KsmStableNode> stale =
        nodes.values().stream().flatMap(List::stream).filter(node -> node.isStale(phys)).toList();
    stale.forEach(this::drop);
  }

  int size() {
    return nodes.values().stream().mapToInt(List::size).sum();
  }

  void clear() {
    nodes.clear();
  }

  private void drop(KsmStableNode node) {
    KsmRmapItem item;
    while ((item = node.headLocked()) != null) {
      node.removeLocked(item);
      mergePages.unpinAnonVma(item);
    }
    List<KsmStableNode> same = nodes.get(node.checksum);
    if (same != null) {
      same.remove(node);
      if (same.isEmpty()) {
        nodes.remove(node.checksum);
      }
    }
    slots.free(node);
  }
}
