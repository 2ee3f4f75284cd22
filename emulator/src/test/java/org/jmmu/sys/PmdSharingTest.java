package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.Cpu;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who shares a table of PMDs with whom, and what makes them give it up. */
class PmdSharingTest extends WithHugePages {
  private static final long GIB = 1L << 30;
  private static final long START = 8 * GIB;

  private int fd;
  private Process other;
  private Cpu otherCpu;

  @BeforeEach
  void mapTwice() {
    fd = hugeFile(1024);
    map(process, START, GIB, MAP_SHARED);
    other = process.fork();
    otherCpu = other.runOn(machine.cpu(1));
    cpu.storeLong(START, 42);
    assertEquals(42, otherCpu.loadLong(START));
    assertShared();
  }

  @AfterEach
  void exit() {
    other.leave(otherCpu);
    other.exit();
    machine.check();
  }

  private void map(Process who, long vaddr, long length, int flags) {
    long _ = who.mmap(vaddr, length, RW, flags | MAP_FIXED | MAP_NORESERVE, fd, 0);
  }

  private void assertShared() {
    assertEquals(process.pmdTable(START), other.pmdTable(START));
    assertNotEquals(0, process.pmdTable(START));
    machine.check();
  }

  private void assertNotShared() {
    assertNotEquals(process.pmdTable(START), other.pmdTable(START));
    machine.check();
  }

  @Test
  void oneFaultServesBoth() {
    cpu.storeLong(START + 5 * HUGE, 7);
    assertEquals(other.hugePage(START + 5 * HUGE), process.hugePage(START + 5 * HUGE));
    assertEquals(7, otherCpu.loadLong(START + 5 * HUGE));
  }

  @Test
  void mprotectGivesTheTableUp() {
    process.mprotect(START, HUGE, PROT_READ);
    assertEquals(0, process.pmdTable(START));
    assertEquals(42, cpu.loadLong(START));
    assertNotShared(); // no mapping of the first page is large enough any more
    assertEquals(42, otherCpu.loadLong(START));
  }

  @Test
  void mprotectOfTheWholeDoesToo() {
    process.mprotect(START, GIB, PROT_READ);
    assertEquals(42, cpu.loadLong(START));
    assertNotShared(); // the flags are not the same
    other.mprotect(START, GIB, PROT_READ);
    assertEquals(42, otherCpu.loadLong(START));
    // Nobody takes a table away from a mapping that has its own.
    assertNotShared();
  }

  @Test
  void munmapGivesTheTableUpAndTheLastOneFreesIt() {
    process.munmap(START, GIB);
    assertEquals(42, otherCpu.loadLong(START));
    machine.check();
    other.munmap(START, GIB);
    machine.check();
  }

  @Test
  void munmapOfAPartSplits() {
    process.munmap(START + HUGE, HUGE);
    assertEquals(0, process.pmdTable(START));
    assertEquals(42, cpu.loadLong(START));
    assertNotShared();
  }

  @Test
  void mremapLeavesTheTableBehind() {
    long _ = process.mremap(START, GIB, GIB, MREMAP_MAYMOVE | MREMAP_FIXED, START + 4 * GIB);
    assertEquals(42, cpu.loadLong(START + 4 * GIB));
    assertEquals(other.pmdTable(START), process.pmdTable(START + 4 * GIB));
    machine.check();
  }

  @Test
  void truncationUnmapsForBoth() {
    process.ftruncate(fd, 0);
    assertEquals(0, process.hugePage(START));
    assertEquals(0, other.hugePage(START));
    assertCounts(POOL, POOL, 0, 0);
  }

  @Test
  void aHoleIsPunchedForBoth() {
    process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HUGE);
    assertEquals(0, cpu.loadLong(START));
    assertEquals(0, otherCpu.loadLong(START));
    assertShared();
  }

  @Test
  void aPageIsTakenAwayFromAll() {
    assertTrue(machine.unmapHugePage(process.hugePage(START)));
    assertEquals(0, process.hugePage(START));
    assertEquals(0, other.hugePage(START));
    assertEquals(42, cpu.loadLong(START));
    assertShared();
  }

  @Test
  void aPrivateMappingHasATableOfItsOwn() {
    map(process, START + 2 * GIB, GIB, MAP_PRIVATE);
    assertEquals(42, cpu.loadLong(START + 2 * GIB));
    assertNotEquals(other.pmdTable(START), process.pmdTable(START + 2 * GIB));
    machine.check();
  }

  @Test
  void lessThanAGibibyteIsNotShared() {
    map(process, START + 2 * GIB, GIB - HUGE, MAP_SHARED);
    assertEquals(42, cpu.loadLong(START + 2 * GIB));
    assertNotEquals(other.pmdTable(START), process.pmdTable(START + 2 * GIB));
    machine.check();
  }

  @Test
  void onePlaceInTheGibibyteOnly() {
    map(process, START + 2 * GIB + HUGE, 2 * GIB, MAP_SHARED);
    assertEquals(42, cpu.loadLong(START + 2 * GIB + HUGE));
    assertNotEquals(other.pmdTable(START), process.pmdTable(START + 2 * GIB + HUGE));
    machine.check();
  }

  @Test
  void oneProcessSharesWithItself() {
    map(process, START + 2 * GIB, GIB, MAP_SHARED);
    assertEquals(42, cpu.loadLong(START + 2 * GIB));
    assertEquals(process.pmdTable(START), process.pmdTable(START + 2 * GIB));
    machine.check();
  }

  /** A translation that was made through a shared table is gone with the table. */
  @Test
  void theTlbForgetsTheGibibyte() {
    cpu.storeLong(START + HUGE, 1);
    process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5 * HUGE, HUGE);
    assertEquals(0, process.pmdTable(START));
    other.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HUGE, HUGE);
    assertEquals(0, cpu.loadLong(START + HUGE));
  }
}
