package org.jmmu.alloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuddyTest {
  private final PhysMemory phys = new PhysMemory(64);
  private final Nodes nodes = new Nodes(phys, 1);
  private final Buddy buddy = nodes.zone(0);
  private final Frames frames = new Frames(phys, nodes, new FailAlloc());

  @ParameterizedTest
  @ValueSource(longs = {8, 9, 63, 64, 65, 1000, 5000})
  void givesOutEveryFrameOnceAndNeverFrameZero(long nrFrames) {
    PhysMemory memory = new PhysMemory(nrFrames);
    Buddy all = new Nodes(memory, 1).zone(0);
    assertEquals(nrFrames - 1, all.nrFree());
    Set<Long> seen = new HashSet<>();
    for (long pfn; (pfn = all.alloc(0, FrameType.USER)) != Buddy.NO_FRAME; ) {
      assertTrue(memory.containsPfn(pfn));
      assertTrue(seen.add(pfn), "frame " + pfn + " given out twice");
    }
    assertEquals(nrFrames - 1, seen.size());
  }

  @Test
  void blocksAreAlignedAndMergeBack() {
    Random random = new Random(1);
    List<long[]> blocks = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      if (random.nextBoolean()) {
        int order = random.nextInt(4);
        long pfn = buddy.alloc(order, FrameType.USER);
        if (pfn != Buddy.NO_FRAME) {
          assertEquals(0, pfn & ((1L << order) - 1));
          blocks.add(new long[] {pfn, order});
        }
      } else if (!blocks.isEmpty()) {
        free(blocks.remove(random.nextInt(blocks.size())));
      }
    }
    blocks.forEach(this::free);
    assertEquals(63, buddy.nrFree());
    assertNotEquals(Buddy.NO_FRAME, buddy.alloc(5, FrameType.USER)); // half of memory in one piece
  }

  private void free(long[] block) {
    org.jmmu.phys.PageDesc.refcountSetRelease(phys, block[0], 0);
    buddy.free(block[0], (int) block[1]);
  }

  @Test
  void theFrameFreedLastIsGivenOutFirst() {
    long first = frames.alloc(FrameType.USER);
    long second = frames.alloc(FrameType.USER);
    frames.put(second);
    frames.put(first);
    long again = frames.alloc(FrameType.USER);
    assertEquals(first, again);
  }

  @Test
  void resetForgetsEverything() {
    while (frames.alloc(FrameType.USER) != Buddy.NO_FRAME) {
      // until none is left
    }
    buddy.reset();
    assertEquals(63, buddy.nrFree());
    assertEquals(1, buddy.alloc(0, FrameType.USER));
  }

  @Test
  void freeingTwiceIsCaught() {
    long pfn = frames.alloc(FrameType.USER);
    frames.put(pfn);
    assertThrows(KernelBug.class, () -> frames.put(pfn));
    assertThrows(KernelBug.class, () -> buddy.free(pfn, 0));
  }

  @Test
  void writingToAFreeFrameIsCaughtWhenItIsGivenOut() {
    long pfn = frames.alloc(FrameType.USER);
    frames.put(pfn);
    Mem.longSetPlain(phys.frameAddr(pfn) + 128, 1);
    assertThrows(KernelBug.class, () -> frames.alloc(FrameType.USER));
  }

  @Test
  void aReferenceIsNotTakenOnAFreeFrame() {
    long pfn = frames.alloc(FrameType.USER);
    assertTrue(frames.getUnlessZero(pfn));
    frames.put(pfn);
    frames.put(pfn);
    assertEquals(false, frames.getUnlessZero(pfn));
  }
}
