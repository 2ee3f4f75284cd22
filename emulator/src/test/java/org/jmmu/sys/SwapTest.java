package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_FREE;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.phys.Mem;
import org.jmmu.proc.Pagemap;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Private memory that is swapped out, and what system calls do with it there. */
class SwapTest extends WithProcess {
  private static final int SLOTS = 40;

  private SwapInfo area;

  @BeforeEach
  void swapon() {
    area = machine.swaponMemory(SLOTS);
  }

  /** Maps pages 0 to {@code nr} - 1, each with its number plus one in it. */
  private void fill(int nr) {
    map(0, nr, RW);
    for (int page = 0; page < nr; page++) {
      store(page, page + 1);
    }
  }

  private void pageout(long page, long nr) {
    process.madvise(at(page), nr * PAGE_SIZE, MADV_PAGEOUT);
  }

  private long pte(Process of, long page) {
    return Mem.longGetAcquire(machine.kernel().tables.pteOffset(of.mm(), at(page)));
  }

  private boolean isSwapped(long page) {
    return SwapPte.isSwapEntry(pte(process, page));
  }

  private boolean isExclusive(Process of, long page) {
    return SwapPte.isExclusive(pte(of, page));
  }

  @Test
  void pageGoesOutFreesItsFrameAndComesBack() {
    fill(4);
    long before = machine.kernel().framesInUse();
    pageout(0, 4);
    assertEquals(before - 4, machine.kernel().framesInUse());
    assertEquals(4, area.inUsePages());
    machine.check();
    for (int page = 0; page < 4; page++) {
      assertTrue(isSwapped(page));
      assertTrue(isExclusive(process, page));
      assertEquals(page + 1, load(page));
    }
    machine.check();
    assertEquals(before, machine.kernel().framesInUse());
    assertEquals(4, area.inUsePages(), "a page that was read keeps its slot");
  }

  @Test
  void writeFaultGivesTheSlotUp() {
    fill(1);
    pageout(0, 1);
    store(0, 7);
    assertEquals(0, area.inUsePages());
    assertEquals(7, load(0));
    pageout(0, 1);
    assertEquals(7, load(0));
  }

  @Test
  void writeAfterAReadFaultIsNotLost() {
    fill(1);
    pageout(0, 1);
    assertEquals(1, load(0));
    store(0, 8); // through the entry, without a fault: the slot has the old content still
    pageout(0, 1);
    assertTrue(isSwapped(0));
    assertEquals(8, load(0));
  }

  @Test
  void unchangedPageGoesOutAgainToItsSlot() {
    fill(1);
    pageout(0, 1);
    long entry = SwapPte.toEntry(pte(process, 0));
    assertEquals(1, load(0));
    pageout(0, 1);
    assertEquals(entry, SwapPte.toEntry(pte(process, 0)));
    assertEquals(1, load(0));
  }

  @Test
  void halfFullAreaTakesSlotsBack() {
    fill(SLOTS);
    pageout(0, SLOTS);
    assertEquals(SLOTS, area.inUsePages());
    for (int page = 0; page < SLOTS; page++) {
      assertEquals(page + 1, load(page));
    }
    assertEquals(SLOTS / 2, area.inUsePages());
  }

  @Test
  void fullAreaLeavesPagesInMemory() {
    fill(SLOTS + 3);
    pageout(0, SLOTS + 3);
    assertEquals(SLOTS, area.inUsePages());
    for (int page = 0; page < SLOTS + 3; page++) {
      assertEquals(page + 1, load(page));
    }
  }

  @Test
  void forkSharesWhatIsSwappedOut() {
    fill(2);
    pageout(0, 2);
    Process child = process.fork();
    for (int page = 0; page < 2; page++) {
      assertTrue(!isExclusive(process, page) && !isExclusive(child, page));
    }
    machine.check();
    Cpu other = child.runOn(machine.cpu(1));
    store(0, 10); // a copy: the child has the entry still
    assertEquals(1, other.loadLong(at(0)));
    assertEquals(10, load(0));
    assertEquals(2, other.loadLong(at(1)));
    other.storeLong(at(1), 20); // a copy again
    assertEquals(2, load(1));
    assertEquals(20, other.loadLong(at(1)));
    machine.check();
    child.leave(other);
    child.exit();
    store(1, 30); // the last one reuses the page
    assertEquals(30, load(1));
    assertEquals(0, area.inUsePages());
  }

  @Test
  void sharedPageGoesOutOfAllProcesses() {
    fill(3);
    Process child = process.fork();
    Process grandchild = child.fork();
    machine.reclaim(100); // A bits
    machine.reclaim(100);
    assertTrue(isSwapped(0));
    assertEquals(pte(process, 0), pte(child, 0));
    assertEquals(pte(process, 0), pte(grandchild, 0));
    machine.check();
    Cpu other = grandchild.runOn(machine.cpu(1));
    assertEquals(1, other.loadLong(at(0)));
    assertEquals(1, load(0));
    other.storeLong(at(0), 5);
    assertEquals(1, load(0));
    machine.check();
    grandchild.leave(other);
    grandchild.exit();
    child.exit();
  }

  @Test
  void childThatEndsGivesItsEntriesUp() {
    fill(2);
    pageout(0, 2);
    Process child = process.fork();
    process.munmap(at(0), 2 * PAGE_SIZE);
    assertEquals(2, area.inUsePages());
    Cpu other = child.runOn(machine.cpu(1));
    assertEquals(1, other.loadLong(at(0))); // in the swap cache now, with its slot
    child.leave(other);
    child.exit();
    assertEquals(0, area.inUsePages());
  }

  @Test
  void munmapAndDontneedFreeSlots() {
    fill(4);
    pageout(0, 4);
    process.munmap(at(0), PAGE_SIZE);
    assertEquals(3, area.inUsePages());
    process.madvise(at(1), PAGE_SIZE, MADV_DONTNEED);
    assertEquals(2, area.inUsePages());
    assertEquals(0, load(1));
    process.madvise(at(2), PAGE_SIZE, MADV_FREE);
    assertEquals(1, area.inUsePages());
    assertEquals(0, load(2));
    assertEquals(4, load(3));
    process.munmap(at(3), PAGE_SIZE); // mapped, and in the swap cache
    assertEquals(0, area.inUsePages());
  }

  @Test
  void freedPageIsDroppedUnlessItIsWrittenTo() {
    fill(2);
    process.madvise(at(0), 2 * PAGE_SIZE, MADV_FREE);
    assertTrue(process.smaps().contains("\nLazyFree:              8 kB"));
    store(1, 9);
    assertTrue(process.smaps().contains("\nLazyFree:              4 kB"));
    pageout(0, 2);
    assertEquals(0, area.inUsePages());
    assertEquals(0, load(0));
    assertEquals(9, load(1));
    pageout(1, 1);
    assertEquals(1, area.inUsePages());
    assertEquals(9, load(1));
  }

  @Test
  void protectionIsThatOfTheVmaAtTheTimeOfTheFault() {
    fill(2);
    pageout(0, 2);
    process.mprotect(at(0), PAGE_SIZE, PROT_READ);
    process.mprotect(at(1), PAGE_SIZE, PROT_NONE);
    assertEquals(1, load(0));
    assertThrows(SegvException.class, () -> store(0, 3));
    assertThrows(SegvException.class, () -> load(1));
    process.mprotect(at(0), 2 * PAGE_SIZE, RW);
    store(0, 3);
    assertEquals(3, load(0));
    assertEquals(2, load(1));
  }

  @Test
  void entriesMoveWithTheirMapping() {
    fill(3);
    pageout(0, 3);
    long moved =
        process.mremap(
            at(0), 3 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE | Mman.MREMAP_FIXED, at(1000));
    assertEquals(at(1000), moved);
    assertEquals(3, area.inUsePages());
    assertEquals(3, cpu.loadLong(at(1002)));
    cpu.storeLong(at(1000), 6);
    machine.check();
    pageout(1000, 3);
    assertEquals(6, cpu.loadLong(at(1000)));
    assertEquals(2, cpu.loadLong(at(1001)));
  }

  @Test
  void willneedReadsAheadWithoutMapping() {
    fill(3);
    pageout(0, 3);
    assertArrayEquals(new byte[] {0, 0, 0}, process.mincore(at(0), 3 * PAGE_SIZE));
    process.madvise(at(1), PAGE_SIZE, MADV_WILLNEED);
    assertTrue(isSwapped(1));
    assertArrayEquals(new byte[] {0, 1, 0}, process.mincore(at(0), 3 * PAGE_SIZE));
    machine.check();
    assertEquals(1, machine.reclaim(10), "nobody maps it: it goes first");
    assertArrayEquals(new byte[] {0, 0, 0}, process.mincore(at(0), 3 * PAGE_SIZE));
    assertEquals(2, load(1));
  }

  @Test
  void lockedMemoryStays() {
    fill(3);
    process.mlock(at(1), PAGE_SIZE);
    machine.reclaim(100);
    machine.reclaim(100);
    assertTrue(isSwapped(0) && !isSwapped(1) && isSwapped(2));
    process.mlock(at(0), 3 * PAGE_SIZE);
    assertTrue(!isSwapped(0) && !isSwapped(2));
    assertEquals(0, area.inUsePages());
    assertErrno(Errno.EINVAL, () -> pageout(0, 3));
    process.munlock(at(0), 3 * PAGE_SIZE);
  }

  @Test
  void clockSparesWhatIsUsed() {
    fill(10);
    machine.reclaim(1); // forgets that all were accessed, and takes the first
    Cpu fresh = process.runOn(machine.cpu(1)); // the other's TLB has them accessed already
    for (int page = 5; page < 10; page++) {
      assertEquals(page + 1, fresh.loadLong(at(page)));
    }
    process.leave(fresh);
    machine.reclaim(4);
    int old = 0;
    for (int page = 0; page < 5; page++) {
      old += isSwapped(page) ? 1 : 0;
    }
    assertEquals(5, old);
  }

  @Test
  void procShowsIt() {
    fill(4);
    pageout(0, 3);
    long[] words = process.pagemap(at(0), 4);
    for (int page = 0; page < 3; page++) {
      long pteVal = pte(process, page);
      assertNotEquals(0, words[page] & Pagemap.PM_SWAP);
      assertEquals(0, words[page] & Pagemap.PM_PRESENT);
      assertEquals(
          SwapPte.type(pteVal) | SwapPte.offset(pteVal) << 5, words[page] & Pagemap.PM_PFRAME_MASK);
    }
    assertEquals(0, words[3] & Pagemap.PM_SWAP);
    assertTrue(process.status().contains("VmSwap:\t      12 kB"), process.status());
    assertTrue(
        process.smaps().contains("\nSwap:                 12 kB\nSwapPss:              12 kB"));
    Process child = process.fork();
    assertTrue(
        child.smaps().contains("\nSwap:                 12 kB\nSwapPss:               6 kB"));
    child.exit();
  }

  @Test
  void execAndExitFreeSlots() {
    fill(3);
    pageout(0, 3);
    Process child = process.fork();
    process.munmap(at(0), 3 * PAGE_SIZE);
    assertEquals(3, area.inUsePages());
    child.exit();
    assertEquals(0, area.inUsePages());
  }

  @Test
  void swapoffBringsEverythingBack() {
    fill(6);
    pageout(0, 6);
    Process child = process.fork();
    store(0, 100);
    assertEquals(2, load(1));
    machine.swapoff(area);
    machine.check();
    assertEquals(0, area.inUsePages());
    Cpu other = child.runOn(machine.cpu(1));
    for (int page = 0; page < 6; page++) {
      assertEquals(page + 1, other.loadLong(at(page)));
      assertEquals(page == 0 ? 100 : page + 1, load(page));
    }
    child.leave(other);
    child.exit();
  }

  @Test
  void swapoffWithoutFramesLeavesTheAreaOn() {
    fill(6);
    pageout(0, 6);
    long[] taken = takeFramesBut(2);
    assertErrno(Errno.ENOMEM, () -> machine.swapoff(area));
    giveBack(taken);
    machine.check();
    assertTrue(isSwapped(5));
    store(0, 50);
    pageout(0, 6);
    assertEquals(6, area.inUsePages(), "the area takes pages again");
    Thread.currentThread().interrupt();
    assertErrno(Errno.EINTR, () -> machine.swapoff(area));
    machine.swapoff(area);
    assertEquals(50, load(0));
    assertEquals(6, load(5));
  }

  @Test
  void faultWithoutFramesIsEnomemAndKeepsTheEntry() {
    fill(1);
    pageout(0, 1);
    long[] taken = takeFramesBut(0);
    assertErrno(Errno.ENOMEM, () -> load(0));
    giveBack(taken);
    assertEquals(1, load(0));
  }
}
