package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.Cpu;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.Test;

/** Pages of files that live in memory alone go to swap, and come back with their bytes. */
class ShmemSwapTest extends WithSharedMemory {
  @Test
  void pagesGoAndAFaultBringsThemBack() {
    long before = machine.kernel().framesInUse();
    pageout();
    assertEquals(PAGES, area.inUsePages());
    assertEquals(before - PAGES, machine.kernel().framesInUse());
    machine.check();
    assertEquals(2, load(1));
    assertEquals(PAGES - 1, area.inUsePages(), "the slot is free: the page has its place again");
    store(2, 9);
    assertEquals(9, load(2));
    pageout();
    assertEquals(9, load(2));
    assertEquals(1, load(0));
  }

  @Test
  void theClockFindsThem() {
    assertEquals(PAGES, machine.reclaim(PAGES));
    assertEquals(PAGES, area.inUsePages());
    allIsThere();
  }

  @Test
  void withoutAnAreaTheyStay() {
    machine.swapoff(area);
    assertEquals(0, machine.reclaim(10));
    pageout();
    assertArrayEquals(new byte[] {1, 1, 1, 1}, process.mincore(at(0), PAGES * PAGE_SIZE));
  }

  @Test
  void bothMappingsOfAFileSeeThePage() {
    mapShared(10);
    assertEquals(1, load(10));
    pageout(); // every page is mapped twice: not for one process to send away
    assertEquals(0, area.inUsePages());
    assertEquals(PAGES, machine.reclaim(PAGES));
    store(0, 8);
    assertEquals(8, load(10));
  }

  @Test
  void readAndWriteCallsBringThemBack() {
    pageout();
    assertEquals(2, read(PAGE_SIZE, 8)[0]);
    assertEquals(PAGES - 1, area.inUsePages());
    assertEquals(1, process.pwrite(fd, new byte[] {5}, 2 * PAGE_SIZE + 1));
    assertEquals(3 + (5 << 8), load(2));
    machine.check();
  }

  @Test
  void pagesThatWereAllocatedAndNeverUsedAreZeroes() {
    process.ftruncate(fd, 0);
    process.fallocate(fd, 0, 0, PAGES * PAGE_SIZE);
    assertEquals(PAGES, machine.reclaim(10));
    assertEquals(PAGES, area.inUsePages());
    assertEquals(0, load(3));
  }

  @Test
  void pageThatWasOnlyReadNeedsNoSlot() {
    process.ftruncate(fd, 0);
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    assertEquals(0, load(1));
    pageout();
    assertEquals(0, area.inUsePages());
    assertEquals(0, process.mincore(at(1), PAGE_SIZE)[0]);
    assertEquals(0, load(1));
  }

  @Test
  void truncationFreesTheSlots() {
    pageout();
    process.ftruncate(fd, 2 * PAGE_SIZE);
    assertEquals(2, area.inUsePages());
    assertThrows(SigbusException.class, () -> load(2));
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    assertEquals(0, load(2));
    assertEquals(2, load(1));
  }

  @Test
  void truncationInTheMiddleOfAPageZeroesItsRest() {
    cpu.storeLong(at(1) + 100, 77);
    pageout();
    process.ftruncate(fd, PAGE_SIZE + 100);
    assertEquals(2, load(1));
    assertEquals(0, cpu.loadLong(at(1) + 104));
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    assertEquals(0, cpu.loadLong(at(1) + 100));
  }

  @Test
  void holesFreeTheSlots() {
    pageout();
    process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE_SIZE, 2 * PAGE_SIZE);
    assertEquals(2, area.inUsePages());
    assertEquals(0, load(1));
    assertEquals(4, load(3));
  }

  @Test
  void theLastUserOfAFileFreesTheSlots() {
    pageout();
    process.close(fd);
    assertEquals(PAGES, area.inUsePages());
    process.munmap(at(0), PAGES * PAGE_SIZE);
    assertEquals(0, area.inUsePages());
  }

  @Test
  void swapoffBringsBackWhatNobodyMaps() {
    pageout();
    process.munmap(at(0), PAGES * PAGE_SIZE);
    machine.swapoff(area);
    machine.check();
    mapShared(0);
    allIsThere();
  }

  @Test
  void privateCopyIsMadeOfASwappedPage() {
    long _ = process.mmap(at(10), PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    pageout();
    store(10, 50);
    assertEquals(50, load(10));
    assertEquals(1, load(0));
    process.madvise(at(10), PAGE_SIZE, MADV_DONTNEED);
    assertEquals(1, load(10));
  }

  @Test
  void theChildHasThemToo() {
    pageout();
    Process child = process.fork();
    Cpu on = child.runOn(machine.cpu(1));
    on.storeLong(at(3), 44);
    assertEquals(1, on.loadLong(at(0)));
    child.leave(on);
    child.exit();
    assertEquals(44, load(3));
  }

  @Test
  void mincoreSaysWhatIsInMemory() {
    pageout();
    assertArrayEquals(new byte[PAGES], process.mincore(at(0), PAGES * PAGE_SIZE));
    long _ = load(2);
    assertArrayEquals(new byte[] {0, 0, 1, 0}, process.mincore(at(0), PAGES * PAGE_SIZE));
    process.madvise(at(0), PAGE_SIZE, MADV_WILLNEED); // into the swap cache
    assertArrayEquals(new byte[] {1, 0, 1, 0}, process.mincore(at(0), PAGES * PAGE_SIZE));
    assertEquals(PAGES - 1, area.inUsePages());
    allIsThere();
  }

  @Test
  void lockedInMemoryTheyStay() {
    process.mlock(at(0), PAGE_SIZE);
    assertEquals(PAGES - 1, machine.reclaim(PAGES));
    assertEquals(PAGES - 1, area.inUsePages());
    process.munlock(at(0), PAGE_SIZE);
  }

  @Test
  void whatMayNotBeWrittenIsNotForOneProcessToSendAway() throws Exception {
    process.mprotect(at(0), PAGES * PAGE_SIZE, PROT_READ);
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT); // the file can be written, if not through here
    assertEquals(1, area.inUsePages());
    assertThrows(SegvException.class, () -> store(0, 1));
  }

  @Test
  void aPageInTheSwapCacheMigrates() {
    pageout();
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_WILLNEED);
    machine.compact();
    machine.check();
    allIsThere();
    assertMovable(0);
  }
}
