package org.jmmu.alloc;

import org.jmmu.phys.FrameType;
import org.jmmu.phys.PhysMemory;

/**
 * The memory nodes of a machine: equal, contiguous shares of its frames, each one zone with an
 * allocator of its own. What one node has not, another one has: allocations fall back, unless they
 * ask for one node alone.
 *
 * @kernel include/linux/mmzone.h:struct pglist_data, mm/page_alloc.c:build_zonelists
 */
public final class Nodes {
  /** The most nodes that a machine may have. */
  public static final int MAX_NUMNODES = PhysMemory.ZONES;

  private final Buddy[] zones; // by node
  private final long framesPerNode; // but for the last node, which may have fewer

  public Nodes(PhysMemory phys, int nrNodes) {
    long share = Math.ceilDiv(phys.nrFrames(), nrNodes);
    this.framesPerNode = share;
    this.zones = new Buddy[nrNodes];
    for (int nid = 0; nid < nrNodes; nid++) {
      long end = Math.min((nid + 1) * share, phys.nrFrames());
      zones[nid] = new Buddy(phys, nid, nid * share, end);
    }
  }

  public int nr() {
    return zones.length;
  }

  /** Whether there is a node of this number. @kernel include/linux/nodemask.h:node_state */
  public boolean contains(int nid) {
    return nid >= 0 && nid < zones.length;
  }

  public Buddy zone(int nid) {
    return zones[nid];
  }

  /**
   * The node of a frame.
   *
   * @kernel include/linux/mm.h:page_to_nid
   */
  public int nid(long pfn) {
    return zones.length == 1 ? 0 : (int) (pfn / framesPerNode);
  }

  /** The zone of a frame. */
  Buddy zoneOf(long pfn) {
    return zones[nid(pfn)];
  }

  /** 2^{@code order} frames of the node, or of the next one that has them. */
  public long alloc(int order, FrameType type, int preferredNid) {
    int nid = preferredNid;
    do {
      long pfn = zones[nid].alloc(order, type);
      if (pfn != Buddy.NO_FRAME) {
        return pfn;
      }
      nid = nid + 1 == zones.length ? 0 : nid + 1;
    } while (nid != preferredNid);
    return Buddy.NO_FRAME;
  }

  /** Free frames of all nodes. Exact only while nobody allocates or frees. */
  public long nrFree() {
    long sum = 0;
    for (Buddy zone : zones) {
      sum += zone.nrFree();
    }
    return sum;
  }

  /** No frame from here on was given out since the last reset. */
  public long usedEnd() {
    for (int nid = zones.length - 1; nid > 0; nid--) {
      if (zones[nid].usedEnd() > zones[nid].start()) {
        return zones[nid].usedEnd();
      }
    }
    return zones[0].usedEnd();
  }

  /** Forgets every allocation, as {@link Buddy#reset}. */
  public void reset() {
    for (Buddy zone : zones) {
      zone.reset();
    }
  }
}
