package org.jmmu.alloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.Test;

class PerCpuPagesTest {
  private static final int NR_FRAMES = 4096;

  private final PhysMemory phys = new PhysMemory(NR_FRAMES);
  private final Nodes nodes = new Nodes(phys, 1);
  private final Buddy buddy = nodes.zone(0);
  private final Frames frames = new Frames(phys, nodes, new FailAlloc());

  @Test
  void theFrameThatAThreadFreedLastIsTheOneItGetsFirst() throws Exception {
    long mine = frames.alloc(FrameType.USER);
    long others = inAnotherThread(() -> frames.alloc(FrameType.USER));
    frames.put(mine);
    inAnotherThread(
        () -> {
          frames.put(others);
          return 0L;
        });
    assertEquals(mine, frames.alloc(FrameType.USER));
  }

  @Test
  void framesOnTheListsOfOthersAreFoundBeforeMemoryEnds() throws Exception {
    List<Long> all = allocAll();
    assertEquals(NR_FRAMES - 1, all.size());
    assertEquals(0, buddy.nrFree());
    inAnotherThread(
        () -> {
          all.subList(0, 10).forEach(frames::put);
          return 0L;
        });
    assertEquals(10, buddy.nrFree());
    for (int i = 0; i < 10; i++) {
      assertNotEquals(Buddy.NO_FRAME, frames.alloc(FrameType.USER));
    }
    assertEquals(Buddy.NO_FRAME, frames.alloc(FrameType.USER));
  }

  @Test
  void aLargeBlockIsMergedFromSingleFramesOnTheLists() {
    List<Long> all = allocAll();
    all.forEach(frames::put);
    assertEquals(NR_FRAMES - 1, buddy.nrFree());
    assertNotEquals(Buddy.NO_FRAME, buddy.alloc(Buddy.MAX_ORDER, FrameType.USER));
  }

  @Test
  void resetForgetsTheLists() {
    long first = frames.alloc(FrameType.USER);
    frames.put(frames.alloc(FrameType.USER));
    buddy.reset();
    assertEquals(NR_FRAMES - 1, buddy.nrFree());
    assertEquals(first, frames.alloc(FrameType.USER));
    assertFalse(buddy.isLocked());
  }

  /** Each thread writes its mark on the frames it has, and looks for it before it frees them. */
  @Test
  void noFrameHasTwoOwners() throws Exception {
    CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(() -> hammer(2));
    assertTrue(hammer(1));
    assertTrue(other.get(60, TimeUnit.SECONDS));
    assertEquals(NR_FRAMES - 1, buddy.nrFree());
  }

  private boolean hammer(long mark) {
    Random random = new Random(mark);
    List<Long> mine = new ArrayList<>();
    boolean right = true;
    for (int i = 0; i < 200_000; i++) {
      if (mine.size() < 1 + random.nextInt(1500)) {
        long pfn = frames.alloc(FrameType.USER);
        Mem.longSetPlain(phys.frameAddr(pfn), mark);
        mine.add(pfn);
      } else {
        long pfn = mine.removeLast();
        right &= Mem.longGetPlain(phys.frameAddr(pfn)) == mark;
        frames.put(pfn);
      }
    }
    mine.forEach(frames::put);
    return right;
  }

  private List<Long> allocAll() {
    List<Long> all = new ArrayList<>();
    for (long pfn; (pfn = frames.alloc(FrameType.USER)) != Buddy.NO_FRAME; ) {
      all.add(pfn);
    }
    return all;
  }

  private static long inAnotherThread(LongSupplier action) throws Exception {
    CompletableFuture<Long> result = new CompletableFuture<>();
    Thread thread;
    do {
      thread = new Thread(() -> result.complete(action.getAsLong()));
    } while (PerCpuPages.stackOf(thread) == PerCpuPages.stackOf(Thread.currentThread()));
    thread.start();
    return result.get(60, TimeUnit.SECONDS);
  }
}
