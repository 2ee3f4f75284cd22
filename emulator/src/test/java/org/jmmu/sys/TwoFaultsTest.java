package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;

/** Two threads fault in one VMA, which neither keeps the other from: both lock it for reading. */
class TwoFaultsTest extends SteppedProcess {
  /**
   * <pre>
   *   F                          C
   *   page 0: new frame
   *                              page 0: new frame, entry set, store
   *   entry still free?
   *   frame given back; else: the store is lost
   * </pre>
   */
  @Test
  void twoFirstFaultsOnOnePage() {
    map(0, 2, RW);
    store(1, 1);
    step(
        "F:doAnonymousPage.allocated C:end F:end",
        () -> other.storeLong(at(0) + 8, 5),
        () -> store(0, 6));
    assertEquals(6, load(0));
    assertEquals(5, cpu.loadLong(at(0) + 8));
    assertMovable(0);
  }

  /**
   * <pre>
   *   F                          C
   *   page 0: new anon_vma
   *                              page 1: new anon_vma, linked
   *   somebody was faster?
   *   takes that one; else: two for one VMA, which then goes with no neighbour any more
   * </pre>
   */
  @Test
  void twoThreadsPrepareOneAnonVma() {
    map(0, 2, RW);
    step(
        "F:anonVmaPrepare.allocated C:end F:end", //
        () -> storeOther(0, 5),
        () -> store(1, 6));
    Vma vma = process.mm().vmas.find(at(0));
    assertNotNull(vma);
    assertTrue(vma.anonVmaChain.isSingular());
    assertMovable(0);
    assertMovable(1);
  }

  /** Page 0 maps a file whose page is in the page cache. */
  private void mapFile(int type) {
    int fd = process.memfdCreate("m", 0);
    assertEquals(1, process.pwrite(fd, new byte[] {9}, 0));
    long _ = process.mmap(at(0), PAGE_SIZE, RW, type | MAP_FIXED, fd, 0);
    process.close(fd);
  }

  /**
   * <pre>
   *   F                          C
   *   page 0 found in the cache
   *                              page 0 locked, entry set, unlocked; store
   *   page 0 locked
   *   entry still free?
   *   leaves it; else: counted twice, mapped once
   * </pre>
   */
  @Test
  void twoFirstFaultsOnOneSharedPage() {
    mapFile(MAP_SHARED);
    step(
        "F:findLock.found C:end F:end",
        () -> other.storeLong(at(0) + 8, 5),
        () -> cpu.storeLong(at(0) + 16, 6));
    assertEquals(9, load(0));
    assertEquals(5, cpu.loadLong(at(0) + 8));
    assertEquals(6, cpu.loadLong(at(0) + 16));
  }

  /** The same with private copies of the page: else the store of the first is lost. */
  @Test
  void twoFirstFaultsOnOnePrivatePage() {
    mapFile(MAP_PRIVATE);
    step(
        "F:findLock.found C:end F:end",
        () -> other.storeLong(at(0) + 8, 5),
        () -> cpu.storeLong(at(0) + 16, 6));
    assertEquals(9, load(0));
    assertEquals(5, cpu.loadLong(at(0) + 8));
    assertEquals(6, cpu.loadLong(at(0) + 16));
    assertMovable(0);
  }
}
