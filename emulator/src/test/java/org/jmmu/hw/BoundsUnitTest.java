package org.jmmu.hw;

import static org.jmmu.hw.BoundsUnit.BNDCFG_ENABLE;
import static org.jmmu.hw.BoundsUnit.BNDCFG_PRESERVE;
import static org.jmmu.hw.BoundsUnit.CAUSE_BOUND;
import static org.jmmu.hw.BoundsUnit.CAUSE_INVALID_ENTRY;
import static org.jmmu.hw.BoundsUnit.CAUSE_VIOLATION;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.Test;

/** Bounds registers, their instructions, and the walk of directory and table. */
class BoundsUnitTest {
  private static final long PAGE = PhysMemory.PAGE_SIZE;
  private static final long DIRECTORY = 0x6000_0000_0000L;
  private static final long TABLE = 0x5000_0000_0000L;
  private static final long POINTER_AT = 0x7f00_0012_3458L;
  private static final long ENTRY = DIRECTORY + 0x3f80_0008L;
  private static final long IN_TABLE = 0x8_d160L;

  private final PageTables tables = new PageTables(new PhysMemory(64));
  private final Faults faults = new Faults();
  private final Cpu cpu = new Cpu(0, tables.phys, faults);
  private final BoundsUnit bounds = cpu.bounds();

  BoundsUnitTest() {
    cpu.writeCr3(tables.cr3());
    bounds.writeBndcfgu(DIRECTORY | BNDCFG_ENABLE);
  }

  private void mapDirectoryAndTable() {
    tables.map(ENTRY & PhysMemory.PAGE_MASK);
    tables.map((TABLE + IN_TABLE) & PhysMemory.PAGE_MASK);
    cpu.storeLong(ENTRY, TABLE | BoundsGeometry.VALID);
  }

  @Test
  void geometryOf64BitAgreesWithTheWorkedExample() {
    BoundsGeometry geometry = BoundsGeometry.BITS_64;
    assertEquals(0x3f80_0008L, geometry.directoryOffset(POINTER_AT));
    assertEquals(IN_TABLE, geometry.tableOffset(POINTER_AT));
    assertEquals(2L << 30, geometry.directoryBytes());
    assertEquals(4L << 20, geometry.tableBytes());
    assertEquals(1L << 20, geometry.spanBytes());
    assertEquals(0x7f00_0010_0000L, geometry.spanStart(0x3f80_0008L));
    // One page of data has four pages of table.
    assertEquals(4 * PAGE, geometry.tableOffset(2 * PAGE) - geometry.tableOffset(PAGE));
  }

  @Test
  void geometryOf32Bit() {
    BoundsGeometry geometry = BoundsGeometry.BITS_32;
    // 0x0804a128: page 0x804a; word 0x4a of it
    assertEquals(0x804aL * 4, geometry.directoryOffset(0x0804_a128L));
    assertEquals(0x4aL * 16, geometry.tableOffset(0x0804_a128L));
    assertEquals(4L << 20, geometry.directoryBytes());
    assertEquals(16L << 10, geometry.tableBytes());
    assertEquals(4096, geometry.spanBytes());
    assertEquals(0x0804_a000L, geometry.spanStart(0x804aL * 4));
  }

  @Test
  void boundsAreCheckedOnBothSidesInclusively() {
    bounds.bndmk(1, 0x1000, 0x1fff);
    bounds.bndcl(1, 0x1000);
    bounds.bndcu(1, 0x1fff);
    assertThrows(BoundRangeException.class, () -> bounds.bndcl(1, 0xfff));
    assertEquals(CAUSE_VIOLATION, bounds.bndstatus());
    assertThrows(BoundRangeException.class, () -> bounds.bndcu(1, 0x2000));
    bounds.bndcl(0, 0); // the initial bounds allow everything
    bounds.bndcu(0, -1);
    // The register has the complement of 0x1fff: as it is, that allows nearly everything.
    bounds.bndcn(1, ~0x1fffL);
    assertThrows(BoundRangeException.class, () -> bounds.bndcn(1, ~0x1fffL + 1));
  }

  @Test
  void threeCausesOfBoundRange() {
    assertThrows(BoundRangeException.class, () -> bounds.bound(5, 0, 4));
    assertEquals(CAUSE_BOUND, bounds.cause());
    bounds.bound(4, 0, 4);
    bounds.bndmk(0, 1, 2);
    assertThrows(BoundRangeException.class, () -> bounds.bndcl(0, 0));
    assertEquals(CAUSE_VIOLATION, bounds.cause());
    tables.map(ENTRY & PhysMemory.PAGE_MASK);
    assertThrows(BoundRangeException.class, () -> bounds.bndldx(0, POINTER_AT, 7));
    assertEquals(CAUSE_INVALID_ENTRY, bounds.cause());
    assertEquals(ENTRY, bounds.entryVaddr());
  }

  @Test
  void storedBoundsAreLoadedForTheSamePointerOnly() {
    mapDirectoryAndTable();
    bounds.bndmk(0, 0x1000, 0x1fff);
    bounds.bndstx(0, POINTER_AT, 0x1234);
    assertEquals(0x1000, cpu.loadLong(TABLE + IN_TABLE));
    assertEquals(~0x1fffL, cpu.loadLong(TABLE + IN_TABLE + 8));
    assertEquals(0x1234, cpu.loadLong(TABLE + IN_TABLE + 16));
    bounds.bndldx(2, POINTER_AT, 0x1234);
    assertEquals(0x1000, bounds.lower(2));
    assertEquals(0x1fff, bounds.upper(2));
    bounds.bndldx(2, POINTER_AT, 0x1235);
    assertEquals(0, bounds.lower(2));
    assertEquals(-1, bounds.upper(2));
  }

  @Test
  void thirtyTwoBitCodeHasSmallerEntries() {
    long pointerAt = 0x0804_a128L;
    long directory = 0x1000_0000L;
    long table = 0x2000_0000L;
    tables.map((directory + 0x804aL * 4) & PhysMemory.PAGE_MASK);
    tables.map(table);
    bounds.setGeometry(BoundsGeometry.BITS_32);
    bounds.writeBndcfgu(directory | BNDCFG_ENABLE);
    cpu.storeInt(directory + 0x804aL * 4, (int) (table | 1));
    bounds.bndmk(0, 0x1000, 0xffff_f000L);
    bounds.bndstx(0, pointerAt, 0x9999_0000L);
    assertEquals(0x1000, cpu.loadInt(table + 0x4a0));
    assertEquals(0xfff, cpu.loadInt(table + 0x4a4));
    bounds.bndldx(3, pointerAt, 0x9999_0000L);
    assertEquals(0xffff_f000L, bounds.upper(3));
    assertThrows(BoundRangeException.class, () -> bounds.bndcu(3, 0xffff_f001L));
  }

  @Test
  void directoryAndTableAreOrdinaryUserMemory() {
    bounds.bndmk(0, 1, 2);
    assertThrows(Faults.Signal.class, () -> bounds.bndstx(0, POINTER_AT, 0));
    assertEquals(ENTRY, faults.vaddr);
    assertEquals(PageFaultCode.USER, faults.errorCode);
    mapDirectoryAndTable();
    long tablePage = (TABLE + IN_TABLE) & PhysMemory.PAGE_MASK;
    tables.map(tablePage, tables.newFrame(), PageTables.USER_RO);
    bounds.bndldx(0, POINTER_AT, 5); // a read
    assertThrows(Faults.Signal.class, () -> bounds.bndstx(0, POINTER_AT, 0));
    assertEquals(TABLE + IN_TABLE, faults.vaddr);
    assertEquals(
        PageFaultCode.PROTECTION | PageFaultCode.WRITE | PageFaultCode.USER, faults.errorCode);
    tables.map(tablePage, tables.newFrame(), PageTables.USER_RW);
    bounds.bndstx(0, POINTER_AT, 0);
    assertEquals(PteBits.A | PteBits.D, tables.leaf(tablePage) & (PteBits.A | PteBits.D));
    assertEquals(PteBits.A, tables.leaf(ENTRY & PhysMemory.PAGE_MASK) & PteBits.A);
  }

  @Test
  void lowBitsOfAnEntryDoNotCountAndWildOnesAreRefused() {
    mapDirectoryAndTable();
    cpu.storeLong(ENTRY, TABLE | 7);
    bounds.bndstx(0, POINTER_AT, 3);
    cpu.storeLong(ENTRY, 1L << 60 | 1);
    assertThrows(GeneralProtectionException.class, () -> bounds.bndstx(0, POINTER_AT, 3));
    assertThrows(GeneralProtectionException.class, () -> bounds.writeBndcfgu(DIRECTORY | 4));
    assertThrows(GeneralProtectionException.class, () -> bounds.writeBndcfgu(1L << 60));
    cpu.storeLong(ENTRY, TABLE | 1); // the access section was left
    bounds.bndstx(0, POINTER_AT, 3);
  }

  @Test
  void branchesInitialiseUnlessToldNotTo() {
    bounds.bndmk(0, 1, 2);
    bounds.branch(true);
    assertEquals(2, bounds.upper(0));
    bounds.writeBndcfgu(DIRECTORY | BNDCFG_ENABLE | BNDCFG_PRESERVE);
    bounds.branch(false);
    assertEquals(2, bounds.upper(0));
    bounds.writeBndcfgu(DIRECTORY | BNDCFG_ENABLE);
    bounds.branch(false);
    assertEquals(-1, bounds.upper(0));
  }

  @Test
  void nothingHappensWhereItIsOff() {
    bounds.bndmk(0, 1, 2);
    bounds.writeBndcfgu(0);
    bounds.bndcl(0, 0);
    bounds.bndldx(0, POINTER_AT, 0);
    bounds.bndstx(0, POINTER_AT, 0);
    bounds.bndmk(0, 3, 4);
    assertEquals(1, bounds.lower(0));
    cpu.setCpl(0);
    bounds.writeBndcfgs(DIRECTORY | BNDCFG_ENABLE);
    assertThrows(BoundRangeException.class, () -> bounds.bndcl(0, 0));
  }

  @Test
  void bndmovKeepsBoundsInMemory() {
    tables.map(POINTER_AT & PhysMemory.PAGE_MASK);
    bounds.bndmk(0, 0x10, 0x20);
    bounds.bndmovStore(POINTER_AT, 0);
    assertEquals(~0x20L, cpu.loadLong(POINTER_AT + 8));
    bounds.bndmovLoad(1, POINTER_AT);
    bounds.bndmov(2, 1);
    assertEquals(0x10, bounds.lower(2));
    assertEquals(0x20, bounds.upper(2));
  }

  /** A shootdown waits for the end of an instruction that has read the directory. */
  @Test
  void noShootdownComesBetweenDirectoryAndTable() {
    mapDirectoryAndTable();
    bounds.bndstx(0, POINTER_AT, 1); // both pages are in the TLB
    Cpu[] cpus = {cpu};
    boolean[] done = {false};
    boolean[] doneBeforeTheStore = {true};
    Stepper.of(Schedule.parse("I:bounds.directoryRead S:end I:end"))
        .thread(
            "I",
            () -> {
              bounds.bndstx(0, POINTER_AT, 2);
              doneBeforeTheStore[0] = done[0];
            })
        .thread(
            "S",
            () -> {
              Shootdown.flushAll(cpus, 1, null);
              done[0] = true;
            })
        .run()
        .throwIfFailed();
    assertFalse(doneBeforeTheStore[0]);
    assertTrue(done[0]);
    assertEquals(2, cpu.loadLong(TABLE + IN_TABLE + 16));
  }
}
