package org.jmmu.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jmmu.types.KernelBug;
import org.junit.jupiter.api.Test;

/** Counts of slots, and the frames that the swap cache has for them. */
class SwapMapTest {
  private static final long PFN = 77;

  private static SwapMap map(int nrPages, Integer... bad) {
    return new SwapMap(new SwapHeader(nrPages - 1L, List.of(bad), new UUID(0, 0), ""));
  }

  @Test
  void everyGoodSlotIsGivenOutOnce() {
    SwapMap map = map(10, 3, 7);
    assertEquals(7, map.pages());
    Set<Integer> given = new HashSet<>();
    for (int i = 0; i < 7; i++) {
      assertTrue(given.add(map.allocate(PFN + i)));
    }
    assertEquals(Set.of(1, 2, 4, 5, 6, 8, 9), given);
    assertEquals(SwapMap.NO_SLOT, map.allocate(PFN));
    assertEquals(7, map.inUse());
    map.removeCached(5, map.cached(5));
    assertEquals(5, map.allocate(PFN));
  }

  @Test
  void slotStaysInUseForAnEntryOrForTheCache() {
    SwapMap map = map(4);
    int slot = map.allocate(PFN);
    map.duplicate(slot);
    map.duplicate(slot);
    assertEquals(2, map.count(slot));
    map.removeCached(slot, PFN);
    assertTrue(map.isInUse(slot));
    assertEquals(0, map.free(slot));
    assertTrue(map.addCached(slot, PFN + 1));
    assertFalse(map.addCached(slot, PFN + 2));
    assertEquals(PFN + 1, map.free(slot));
    assertTrue(map.isInUse(slot));
    map.removeCached(slot, PFN + 1);
    assertFalse(map.isInUse(slot));
    assertEquals(0, map.inUse());
    assertFalse(map.addCached(slot, PFN), "a free slot has no page");
  }

  @Test
  void anotherFrameMayTakeOver() {
    SwapMap map = map(4);
    int slot = map.allocate(PFN);
    map.duplicate(slot);
    map.replaceCached(slot, PFN, 5);
    assertEquals(5, map.cached(slot));
    assertEquals(1, map.count(slot));
  }

  @Test
  void misuseIsFound() {
    SwapMap map = map(4);
    assertThrows(KernelBug.class, () -> map.duplicate(2));
    assertThrows(KernelBug.class, () -> map.free(2));
    int slot = map.allocate(PFN);
    assertThrows(KernelBug.class, () -> map.removeCached(slot, PFN + 1));
  }

  @Test
  void countGoesOnBehindTheFirstByte() {
    SwapMap map = map(4);
    int slot = map.allocate(PFN);
    Set<Integer> continued = new HashSet<>();
    for (int count = 0; count < 10_000; count++) {
      if (map.needsContinuation(slot)) {
        continued.add(count);
      }
      map.duplicate(slot);
    }
    assertEquals(Set.of(0x3e, 63 * 128 - 1), continued);
    assertEquals(10_000, map.count(slot));
  }
}
