package org.jmmu.alloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.Test;

class NodesTest {
  private final PhysMemory phys = new PhysMemory(100);
  private final Nodes nodes = new Nodes(phys, 3); // of 34, 34 and 32 frames
  private final Frames frames = new Frames(phys, nodes, new FailAlloc());

  @Test
  void eachFrameHasItsNode() {
    assertEquals(0, nodes.nid(33));
    assertEquals(1, nodes.nid(34));
    assertEquals(2, nodes.nid(99));
    assertEquals(33, nodes.zone(0).nrFree()); // frame 0 is nobody's
    assertEquals(34, nodes.zone(1).nrFree());
    assertEquals(32, nodes.zone(2).nrFree());
    assertEquals(99, nodes.nrFree());
  }

  @Test
  void anEmptyNodeFallsBackToTheNextUnlessItIsTheOnlyOneAskedFor() {
    List<Long> taken = new ArrayList<>();
    for (long pfn; (pfn = frames.allocThisNode(FrameType.USER, 1)) != Buddy.NO_FRAME; ) {
      assertEquals(1, nodes.nid(pfn));
      taken.add(pfn);
    }
    assertEquals(34, taken.size());
    for (int i = 0; i < 32; i++) {
      taken.add(assertNode(2, frames.alloc(FrameType.USER, 1)));
    }
    for (int i = 0; i < 33; i++) {
      taken.add(assertNode(0, frames.alloc(FrameType.USER, 1)));
    }
    assertEquals(Buddy.NO_FRAME, frames.alloc(FrameType.USER, 1));
    frames.putAll(taken.stream().mapToLong(Long::longValue).toArray(), taken.size());
    assertEquals(34, nodes.zone(1).nrFree());
    assertEquals(99, nodes.nrFree());
  }

  private long assertNode(int nid, long pfn) {
    assertNotEquals(Buddy.NO_FRAME, pfn);
    assertEquals(nid, nodes.nid(pfn));
    return pfn;
  }

  @Test
  void blocksDoNotGrowOverTheEndOfANode() {
    long[] all = new long[99];
    for (int i = 0; i < all.length; i++) {
      all[i] = frames.alloc(FrameType.USER);
    }
    frames.putAll(all, all.length);
    for (int nid = 0; nid < 3; nid++) {
      nodes.zone(nid).drain();
    }
    // Frames 32 to 47 are free, but the border is at 34.
    for (int nid = 0; nid < 3; nid++) {
      Buddy zone = nodes.zone(nid);
      for (long pfn; (pfn = zone.alloc(1, FrameType.USER)) != Buddy.NO_FRAME; ) {
        assertEquals(nid, nodes.nid(pfn));
        assertEquals(nid, nodes.nid(pfn + 1));
      }
    }
  }

  @Test
  void aResetGivesEveryNodeItsFramesBack() {
    long _ = frames.alloc(FrameType.USER, 2);
    assertEquals(69, nodes.usedEnd());
    nodes.reset();
    assertEquals(99, nodes.nrFree());
    assertEquals(1, nodes.usedEnd());
    assertEquals(1, frames.alloc(FrameType.USER));
  }
}
