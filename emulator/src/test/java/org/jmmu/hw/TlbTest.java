package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.phys.PhysMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each TLB operation takes out, and what it leaves in. */
class TlbTest {
  private static final long PAGE = PhysMemory.PAGE_SIZE;
  private static final long VADDR = 0x7f12_3460_0000L; // 2-MiB aligned
  private static final long GLOBAL = VADDR + 8 * PAGE;
  private static final int PCID = 5;
  private static final int OTHER = 6;

  private final PageTables tables = new PageTables(new PhysMemory(4 * 512));
  private final Faults faults = new Faults();
  private final Cpu cpu = new Cpu(0, tables.phys, faults);

  TlbTest() {
    run(PCID);
  }

  private void run(int pcid) {
    cpu.writeCr3(tables.cr3() | pcid | ControlBits.CR3_NOFLUSH);
  }

  /** Brings a page into the TLB under the current PCID, and takes it out of the tables. */
  private void remember(long vaddr, long flags) {
    tables.map(vaddr, 40, PageTables.USER_RW | flags);
    assertEquals(0, cpu.loadLong(vaddr));
    tables.map(vaddr, 0, 0);
  }

  private void rememberAll() {
    run(OTHER);
    remember(VADDR, 0);
    run(PCID);
    remember(VADDR, 0);
    remember(VADDR + PAGE, 0);
    remember(GLOBAL, PteBits.G);
    assertRemembers(true, true, true, true);
  }

  private boolean hits(long vaddr) {
    try {
      assertEquals(0, cpu.loadLong(vaddr));
      return true;
    } catch (Faults.Signal _) {
      return false;
    }
  }

  private void assertRemembers(boolean page, boolean neighbour, boolean global, boolean other) {
    assertEquals(page, hits(VADDR), "page");
    assertEquals(neighbour, hits(VADDR + PAGE), "neighbour");
    assertEquals(global, hits(GLOBAL), "global page");
    run(OTHER);
    assertEquals(other, hits(VADDR), "page under the other PCID");
    assertEquals(global, hits(GLOBAL), "global page under the other PCID");
    run(PCID);
  }

  @Test
  void invlpg() {
    rememberAll();
    cpu.invlpg(VADDR + 123);
    assertRemembers(false, true, true, true);
    cpu.invlpg(GLOBAL);
    assertRemembers(false, true, false, true);
    cpu.invlpg(1L << 47); // not canonical: nothing happens
  }

  @Test
  void invpcidOfOneAddress() {
    rememberAll();
    cpu.invpcid(0, PCID, VADDR);
    cpu.invpcid(0, PCID, GLOBAL);
    assertRemembers(false, true, true, true);
    cpu.invpcid(0, OTHER, VADDR);
    assertRemembers(false, true, true, false);
  }

  @Test
  void invpcidOfOnePcid() {
    rememberAll();
    cpu.invpcid(1, OTHER, 0);
    assertRemembers(true, true, true, false);
    cpu.invpcid(1, PCID, 0);
    assertRemembers(false, false, true, false);
  }

  @Test
  void invpcidOfEverything() {
    rememberAll();
    cpu.invpcid(2, 0, 0);
    assertRemembers(false, false, false, false);
  }

  @Test
  void invpcidOfEverythingButGlobal() {
    rememberAll();
    cpu.invpcid(3, 0, 0);
    assertRemembers(false, false, true, false);
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void flushingWhatWasNeverRememberedEnds() {
    rememberAll();
    for (int level = PteBits.LEVEL_PTE; level <= PteBits.LEVEL_PUD; level++) {
      // Page 0 of each size: what an empty slot could be taken for.
      cpu.invpcid(0, 99, PteBits.size(level) - 1);
      cpu.invpcid(0, 99, -1);
    }
    assertRemembers(true, true, true, true);
  }

  @Test
  void invpcidRefusesWhatTheManualForbids() {
    assertThrows(GeneralProtectionException.class, () -> cpu.invpcid(4, 0, 0));
    for (int type = 0; type <= 3; type++) {
      int any = type;
      assertThrows(GeneralProtectionException.class, () -> cpu.invpcid(any, 4096, 0));
    }
    assertThrows(GeneralProtectionException.class, () -> cpu.invpcid(0, 1, 1L << 47));
    cpu.writeCr3(tables.cr3());
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_PCIDE);
    assertThrows(GeneralProtectionException.class, () -> cpu.invpcid(1, 1, 0));
    cpu.invpcid(1, 0, 0);
  }

  @Test
  void cr3WithoutNoflush() {
    rememberAll();
    cpu.writeCr3(tables.cr3() | PCID);
    assertRemembers(false, false, true, true);
    cpu.writeCr3(tables.cr3() | OTHER);
    run(PCID);
    assertRemembers(false, false, true, false);
  }

  @Test
  void cr3WithoutPcids() {
    cpu.writeCr3(tables.cr3());
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_PCIDE);
    remember(VADDR, 0);
    remember(GLOBAL, PteBits.G);
    assertTrue(hits(VADDR));
    cpu.writeCr3(tables.cr3());
    assertFalse(hits(VADDR));
    assertTrue(hits(GLOBAL));
    assertThrows(
        GeneralProtectionException.class,
        () -> cpu.writeCr3(tables.cr3() | ControlBits.CR3_NOFLUSH));
  }

  @Test
  void cr4() {
    rememberAll();
    cpu.writeCr4(cpu.cr4() ^ ControlBits.CR4_SMAP);
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_SMEP);
    assertRemembers(true, true, true, true);
    cpu.writeCr4(cpu.cr4() | ControlBits.CR4_SMEP);
    assertRemembers(false, false, true, true);
    cpu.writeCr4(cpu.cr4() ^ ControlBits.CR4_PGE);
    assertRemembers(false, false, false, false);
  }

  @Test
  void pcidsOff() {
    rememberAll();
    cpu.writeCr3(tables.cr3() | ControlBits.CR3_NOFLUSH);
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_PCIDE);
    cpu.writeCr4(cpu.cr4() | ControlBits.CR4_PCIDE);
    run(PCID);
    assertRemembers(false, false, false, false);
  }

  @Test
  void pcidsGoOnOnlyFromPcidZero() {
    cpu.writeCr3(tables.cr3());
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_PCIDE);
    cpu.writeCr3(tables.cr3() | 8); // PWT
    assertThrows(
        GeneralProtectionException.class, () -> cpu.writeCr4(cpu.cr4() | ControlBits.CR4_PCIDE));
  }

  @Test
  void globalBitMeansNothingWithoutPge() {
    cpu.writeCr4(cpu.cr4() & ~ControlBits.CR4_PGE);
    remember(GLOBAL, PteBits.G);
    run(OTHER);
    assertFalse(hits(GLOBAL));
    run(PCID);
    assertTrue(hits(GLOBAL));
  }

  @Test
  void invlpgAnywhereInALargePageTakesAllOfItOut() {
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, 512 * PAGE | PageTables.USER_RW | PteBits.PS);
    for (int page = 0; page < 512; page++) {
      assertTrue(hits(VADDR + page * PAGE));
    }
    assertEquals(1, cpu.statistics().walks());
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, 0);
    assertTrue(hits(VADDR + 7 * PAGE));
    cpu.invlpg(VADDR + 300 * PAGE);
    for (int page = 0; page < 512; page++) {
      assertFalse(hits(VADDR + page * PAGE));
    }
  }

  @Test
  void largeEntryThatIsReplacedLeavesNoPieces() {
    long farther = VADDR + (8L << 21); // the same set of 8
    long large = PageTables.USER_RW | PteBits.PS;
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, 512 * PAGE | large);
    assertTrue(hits(VADDR + 7 * PAGE));
    for (int i = 0; i < 4; i++) {
      tables.setLeaf(farther, PteBits.LEVEL_PMD, 1024 * PAGE | large);
      assertTrue(hits(farther));
      farther += 8L << 21;
    }
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, 0);
    assertFalse(hits(VADDR + 7 * PAGE));
  }

  @Test
  void changesOfModeNeedNoWalkAndTakeEffectAtOnce() {
    tables.map(VADDR, 40, PageTables.USER_RW | 1L << PteBits.PKEY_SHIFT);
    cpu.storeLong(VADDR, 0);
    cpu.writeCr4(cpu.cr4() | ControlBits.CR4_PKE);
    long walks = cpu.statistics().walks();
    for (int i = 0; i < 1000; i++) {
      cpu.wrpkru(0b1000 + (i << 4));
      assertEquals(0, cpu.loadLong(VADDR));
    }
    cpu.setCpl(0);
    cpu.stac();
    assertEquals(0, cpu.loadLong(VADDR));
    assertEquals(walks, cpu.statistics().walks());
    cpu.clac();
    assertFalse(hits(VADDR), "SMAP");
    cpu.setCpl(3);
    assertTrue(hits(VADDR));
    assertThrows(Faults.Signal.class, () -> cpu.storeLong(VADDR, 1));
    assertTrue((faults.errorCode & PageFaultCode.PKEY) != 0);
    cpu.wrpkru(0b0100);
    assertFalse(hits(VADDR), "access-disable");
  }

  @Test
  void aSetHoldsFourAndTheOldestGives() {
    long sets = Tlb.ENTRIES / 4;
    for (int i = 0; i < 4; i++) {
      remember(VADDR + i * sets * PAGE, 0);
    }
    for (int i = 0; i < 4; i++) {
      assertTrue(hits(VADDR + i * sets * PAGE));
    }
    remember(VADDR + 4 * sets * PAGE, 0);
    assertFalse(hits(VADDR));
    assertTrue(hits(VADDR + sets * PAGE));
    assertTrue(hits(VADDR + PAGE * 4 * sets));
  }

  @Test
  void manyPcidsAndManyFlushesForgetButNeverMixUp() {
    for (int round = 0; round < 6000; round++) {
      int pcid = 1 + round % 40;
      run(pcid);
      assertFalse(hits(VADDR), "round " + round);
      tables.map(VADDR, 40, PageTables.USER_RW);
      assertTrue(hits(VADDR));
      tables.map(VADDR, 0, 0);
      assertTrue(hits(VADDR));
      if (round % 3 == 0) {
        cpu.invpcid(3, 0, 0);
      } else {
        cpu.invpcid(1, pcid, 0);
      }
    }
  }

  @Test
  void numbersThatAreUsedAgainBringNothingBack() {
    remember(VADDR, 0);
    remember(GLOBAL, PteBits.G);
    for (int round = 0; round < 10_000; round++) {
      if (round % 2 == 0) {
        cpu.invpcid(1, PCID, 0);
      } else {
        cpu.invpcid(2, 0, 0);
      }
      assertFalse(hits(VADDR), "round " + round);
      assertTrue(round == 0 || !hits(GLOBAL), "round " + round);
    }
  }

  @Test
  void statisticsCount() {
    tables.map(VADDR, 40, PageTables.USER_RW);
    CpuStatistics before = cpu.statistics();
    cpu.storeLong(VADDR, 0);
    for (int i = 0; i < 10; i++) {
      assertTrue(hits(VADDR));
    }
    assertFalse(hits(VADDR + PAGE));
    Shootdown.flushAll(new Cpu[] {cpu}, 1, null);
    cpu.poll();
    CpuStatistics after = cpu.statistics();
    assertEquals(2, after.misses() - before.misses());
    assertEquals(2, after.walks() - before.walks());
    assertEquals(1, after.fills() - before.fills());
    assertEquals(1, after.pageFaults() - before.pageFaults());
    assertEquals(1, after.shootdowns() - before.shootdowns());
  }
}
