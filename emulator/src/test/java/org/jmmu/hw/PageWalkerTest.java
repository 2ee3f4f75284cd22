package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.Test;

/** What the vectors cannot show: the form of the result, and walks that race with changes. */
class PageWalkerTest {
  private static final long VADDR = 0x7f12_3456_7000L;
  private static final int ROUNDS = 200_000;

  private final PageTables tables = new PageTables(new PhysMemory(64));
  private final Cpu cpu = boot();
  private final PageWalker walker = cpu.walker();

  private Cpu boot() {
    Cpu booted = new Cpu(0, tables.phys, new Faults());
    booted.writeCr3(tables.cr3());
    return booted;
  }

  @Test
  void translationCombinesTheLevels() {
    long leaf = PteBits.pte(5, PageTables.USER_RW | PteBits.G | PteBits.NX | 9L << 59);
    tables.setLeaf(VADDR, PteBits.LEVEL_PTE, leaf);
    long table = Mem.longGetAcquire(tables.slot(VADDR, PteBits.LEVEL_PMD));
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, table & ~PteBits.RW);
    long word = walker.walk(VADDR, Access.READ);
    assertTrue(PageWalker.isTranslation(word));
    assertEquals((leaf | PteBits.A) & ~PteBits.RW, word);
    assertEquals(PteBits.LEVEL_PTE, PageWalker.level(word));
  }

  @Test
  void largeLeavesGiveTheirLevelAndTheSmallPageWithin() {
    long large = PageTables.USER_RW | PteBits.PS | PteBits.PAT_LARGE;
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, 7L << 21 | large);
    long word = walker.walk(VADDR, Access.WRITE);
    assertEquals(PteBits.LEVEL_PMD, PageWalker.level(word));
    assertEquals(7L << 9 | PteBits.pteIndex(VADDR), PteBits.pfn(word));
    tables.setLeaf(VADDR, PteBits.LEVEL_PUD, 3L << 30 | large);
    word = walker.walk(VADDR, Access.WRITE);
    assertEquals(PteBits.LEVEL_PUD, PageWalker.level(word));
    assertEquals(3L << 18 | (VADDR >>> 12 & 0x3ffff), PteBits.pfn(word));
  }

  @Test
  void faultsAndWildTablesAreToldApart() {
    long word = walker.walk(VADDR, Access.FETCH);
    assertTrue(PageWalker.isPageFault(word));
    assertEquals(PageFaultCode.FETCH | PageFaultCode.USER, PageWalker.faultCode(word));
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, PteBits.pte(64, PageTables.TABLE));
    word = walker.walk(VADDR, Access.READ);
    assertTrue(!PageWalker.isTranslation(word) && !PageWalker.isPageFault(word));
    assertEquals(64 << 12, walker.wildAddress());
  }

  /**
   * An entry is cleared with an exchange, as the kernel does; an accessed or dirty bit must then be
   * in the word that came out, and never appear in the empty slot.
   */
  @Test
  void clearedEntryStaysCleared() throws InterruptedException {
    long slot = tables.slot(VADDR, PteBits.LEVEL_PTE);
    AtomicBoolean stop = new AtomicBoolean();
    Thread walking =
        new Thread(
            () -> {
              while (!stop.get()) {
                walker.walk(VADDR, Access.WRITE);
              }
            });
    walking.start();
    long resurrected = 0;
    long dirty = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Mem.longSetRelease(slot, PteBits.pte(5, PageTables.USER_RW));
      for (int spin = round & 63; spin > 0; spin--) {
        Thread.onSpinWait();
      }
      dirty += Mem.longXchg(slot, 0) >>> 6 & 1;
      resurrected |= Mem.longGetAcquire(slot);
      resurrected |= Mem.longGetAcquire(slot);
    }
    stop.set(true);
    walking.join();
    assertEquals(0, resurrected);
    assertTrue(dirty > 0, "the walks never met an entry");
  }

  @Test
  void tablesThatNeverHoldStillEndTheWalk() throws InterruptedException {
    long slot = tables.slot(VADDR, PteBits.LEVEL_PTE);
    AtomicBoolean stop = new AtomicBoolean();
    // The accessed bit is cleared as fast as it is set: walks restart, but each gets through.
    Thread clearing =
        new Thread(
            () -> {
              while (!stop.get()) {
                Mem.longSetRelease(slot, PteBits.pte(5, PageTables.USER_RW));
              }
            });
    clearing.start();
    try {
      for (int round = 0; round < ROUNDS; round++) {
        walker.walk(VADDR, Access.WRITE);
      }
    } finally {
      stop.set(true);
      clearing.join();
    }
  }

  @Test
  void rootBeyondTheModelIsRefused() {
    assertThrows(GeneralProtectionException.class, () -> cpu.writeCr3(1L << 46));
  }
}
