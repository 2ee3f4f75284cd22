package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.ShortDeadline;
import org.junit.jupiter.api.Test;

/** Instructions: sizes, alignment, page crossing, atomics, and what a fault does to them. */
class CpuTest {
  private static final long VADDR = 0x7f12_3456_7000L;
  private static final long PAGE = PhysMemory.PAGE_SIZE;

  private final PageTables tables = new PageTables(new PhysMemory(64));
  private final Faults faults = new Faults();
  private final Cpu cpu = boot(faults);

  private Cpu boot(FaultHandler handler) {
    Cpu booted = new Cpu(0, tables.phys, handler);
    booted.writeCr3(tables.cr3());
    return booted;
  }

  @Test
  void everySizeAtEveryOffset() {
    tables.map(VADDR);
    tables.map(VADDR + PAGE);
    for (long vaddr = VADDR + PAGE - 16; vaddr < VADDR + PAGE + 16; vaddr++) {
      cpu.storeLong(vaddr, 0x8877_6655_4433_2211L);
      assertEquals(0x8877_6655_4433_2211L, cpu.loadLong(vaddr));
      assertEquals(0x4433_2211, cpu.loadInt(vaddr));
      assertEquals(0x2211, cpu.loadShort(vaddr));
      assertEquals(0x11, cpu.loadByte(vaddr));
      assertEquals(0x6655_4433_2211L, cpu.fetch(vaddr, 6));
      cpu.storeInt(vaddr, -2);
      cpu.storeShort(vaddr + 4, (short) -3);
      cpu.storeByte(vaddr + 6, (byte) -4);
      assertEquals(0x88fc_fffd_ffff_fffeL, cpu.loadLong(vaddr));
      assertEquals(-2, cpu.loadInt(vaddr));
      assertEquals(-3, cpu.loadShort(vaddr + 4));
      assertEquals(-4, cpu.loadByte(vaddr + 6));
    }
  }

  @Test
  void crossingStoreWritesNothingWhenTheSecondPageFaults() {
    long first = tables.map(VADDR);
    tables.map(VADDR + PAGE, tables.newFrame(), PageTables.USER_RO);
    cpu.storeLong(VADDR + PAGE - 8, 5);
    assertThrows(Faults.Signal.class, () -> cpu.storeLong(VADDR + PAGE - 4, -1));
    assertEquals(VADDR + PAGE, faults.vaddr);
    assertEquals(VADDR + PAGE, cpu.cr2());
    assertEquals(
        PageFaultCode.PROTECTION | PageFaultCode.WRITE | PageFaultCode.USER, faults.errorCode);
    assertEquals(5, cpu.loadLong(VADDR + PAGE - 8));
    assertEquals(0, tables.content(first));
  }

  @Test
  void crossingUsesBothFramesHoweverFarApart() {
    long high = tables.newFrame();
    long low = tables.newFrame();
    tables.map(VADDR, low, PageTables.USER_RW);
    tables.map(VADDR + PAGE, high, PageTables.USER_RW);
    cpu.storeInt(VADDR + PAGE - 2, 0x4433_2211);
    assertEquals(0x4433, tables.content(high));
    assertEquals(0x2211, cpu.loadShort(VADDR + PAGE - 2));
  }

  @Test
  void atomics() {
    tables.map(VADDR);
    assertTrue(cpu.casLong(VADDR, 0, 7));
    assertFalse(cpu.casLong(VADDR, 0, 8));
    assertEquals(7, cpu.cmpxchgLong(VADDR, 7, 9));
    assertEquals(9, cpu.cmpxchgLong(VADDR, 7, 1));
    assertEquals(9, cpu.xchgLong(VADDR, 3));
    assertEquals(3, cpu.xaddLong(VADDR, 4));
    assertTrue(cpu.casInt(VADDR + 4, 0, -1));
    assertEquals(0xffff_ffff_0000_0007L, cpu.loadLong(VADDR));
    assertThrows(AlignmentCheckException.class, () -> cpu.casLong(VADDR + 4, 0, 0));
  }

  @Test
  void failedCasStillNeedsWriteAccess() {
    tables.map(VADDR, tables.newFrame(), PageTables.USER_RO);
    assertThrows(Faults.Signal.class, () -> cpu.casLong(VADDR, 1, 2));
    assertEquals(PageFaultCode.WRITE, faults.errorCode & PageFaultCode.WRITE);
  }

  @Test
  void handlerThatMapsThePageLetsTheInstructionRetry() {
    Cpu demand = boot((cpuAtFault, vaddr, code) -> tables.map(vaddr & PhysMemory.PAGE_MASK));
    demand.storeLong(VADDR + PAGE - 4, -1);
    assertEquals(-1, demand.loadLong(VADDR + PAGE - 4));
    assertEquals(0, demand.loadLong(VADDR + 8 * PAGE));
  }

  @Test
  void readAllowedByATlbEntryNeedsNoTables() {
    long pfn = tables.map(VADDR);
    tables.setContent(pfn, 42);
    assertEquals(42, cpu.loadLong(VADDR));
    tables.map(VADDR, 0, 0);
    assertEquals(42, cpu.loadLong(VADDR), "stale until flushed, as on silicon");
    cpu.invlpg(VADDR);
    assertThrows(Faults.Signal.class, () -> cpu.loadLong(VADDR));
    assertEquals(PageFaultCode.USER, faults.errorCode);
  }

  @Test
  void firstWriteAfterAReadWalksAndSetsDirty() {
    tables.map(VADDR);
    assertEquals(0, cpu.loadLong(VADDR));
    assertEquals(PteBits.A, tables.leaf(VADDR) & (PteBits.A | PteBits.D));
    cpu.storeLong(VADDR, 1);
    assertEquals(PteBits.A | PteBits.D, tables.leaf(VADDR) & (PteBits.A | PteBits.D));
  }

  @Test
  void relaxedPermissionNeedsNoFlush() {
    long pfn = tables.newFrame();
    tables.map(VADDR, pfn, PageTables.USER_RO);
    assertEquals(0, cpu.loadLong(VADDR));
    tables.map(VADDR, pfn, PageTables.USER_RW);
    cpu.storeLong(VADDR, 1);
    assertEquals(0, faults.count);
  }

  @Test
  void nonCanonicalAddressIsAGeneralProtectionFault() {
    long hole = 0x0000_8000_0000_0000L;
    tables.map(hole - PAGE);
    assertThrows(GeneralProtectionException.class, () -> cpu.loadLong(hole));
    assertThrows(GeneralProtectionException.class, () -> cpu.storeByte(hole, (byte) 0));
    assertThrows(GeneralProtectionException.class, () -> cpu.loadLong(hole - 1));
    assertThrows(GeneralProtectionException.class, () -> cpu.fetch(hole - 1, 2));
    assertEquals(0, faults.count);
    assertEquals(0, cpu.loadByte(hole - 1));
  }

  @Test
  void fetchFaultsOnTheFirstPageBeforeItLooksAtTheSecond() {
    long hole = 0x0000_8000_0000_0000L;
    assertThrows(Faults.Signal.class, () -> cpu.fetch(hole - 1, 2));
    assertThrows(GeneralProtectionException.class, () -> cpu.loadShort(hole - 1));
  }

  @Test
  void faultThatNeverGoesAwayEnds() {
    Cpu stuck = boot((cpuAtFault, vaddr, code) -> {});
    try (ShortDeadline _ = new ShortDeadline()) {
      NoProgressException e = assertThrows(NoProgressException.class, () -> stuck.loadLong(VADDR));
      assertTrue(e.toString().contains("0x7f1234567000"), e.toString());
    }
  }

  @Test
  void frameBeyondMemoryIsAMachineCheck() {
    tables.map(VADDR, 64, PageTables.USER_RW);
    MachineCheckException leaf =
        assertThrows(MachineCheckException.class, () -> cpu.loadByte(VADDR + 3));
    assertEquals(64 * PAGE + 3, leaf.paddr());
    tables.setLeaf(VADDR, PteBits.LEVEL_PMD, PteBits.pte(1L << 33, PageTables.TABLE));
    MachineCheckException table =
        assertThrows(MachineCheckException.class, () -> cpu.loadByte(VADDR));
    assertEquals(1L << 45, table.paddr());
    cpu.writeCr3(64 * PAGE);
    assertThrows(MachineCheckException.class, () -> cpu.storeLong(VADDR, 1));
  }

  @Test
  void largePageMayEndBeyondMemory() {
    long large = 1L << 21;
    tables.setLeaf(large, PteBits.LEVEL_PMD, PageTables.USER_RW | PteBits.PS);
    assertEquals(0, cpu.loadLong(large + 63 * PAGE));
    MachineCheckException e =
        assertThrows(MachineCheckException.class, () -> cpu.loadLong(large + 64 * PAGE));
    assertEquals(64 * PAGE, e.paddr());
  }

  @Test
  void tableThatLinksToItselfIsWalkedLikeAnyOther() {
    tables.setLeaf(VADDR, PteBits.LEVEL_PGD, PteBits.pte(tables.root, PageTables.TABLE));
    long self = 0;
    for (int level = PteBits.LEVEL_PTE; level <= PteBits.LEVEL_PGD; level++) {
      self |= (long) PteBits.pgdIndex(VADDR) << PteBits.shift(level);
    }
    assertEquals(tables.root, PteBits.pfn(cpu.loadLong(self + PteBits.pgdIndex(VADDR) * 8L)));
  }
}
