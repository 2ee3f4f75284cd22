package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_POPULATE_READ;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.Cpu;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A device that fails loses nothing. */
class SwapErrorsTest extends WithProcess {
  private static final int PAGES = 5;

  private final FailingDevice device = new FailingDevice();
  private SwapInfo area;

  @BeforeEach
  void swapon() {
    area = machine.swapon(device, FailingDevice.BYTES);
    map(0, PAGES, RW);
    for (int page = 0; page < PAGES; page++) {
      store(page, page + 1);
    }
  }

  private void pageout() {
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_PAGEOUT);
  }

  private long pte(long page) {
    return Mem.longGetAcquire(machine.kernel().tables.pteOffset(process.mm(), at(page)));
  }

  private void allIsThere() {
    for (int page = 0; page < PAGES; page++) {
      assertEquals(page + 1, load(page));
    }
  }

  @Test
  void readErrorIsSigbusAndTheEntryStays() {
    pageout();
    long before = pte(1);
    device.readsFail = true;
    SigbusException e = assertThrows(SigbusException.class, () -> load(1));
    assertEquals(at(1), e.vaddr());
    assertThrows(SigbusException.class, () -> store(2, 9));
    assertEquals(before, pte(1));
    assertEquals(PAGES, area.inUsePages());
    machine.check();
    device.readsFail = false;
    allIsThere();
  }

  @Test
  void readErrorIsThatOfEveryProcess() {
    pageout();
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    device.readsFail = true;
    assertThrows(SigbusException.class, () -> other.loadLong(at(0)));
    assertThrows(SigbusException.class, () -> load(0));
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_WILLNEED); // says nothing
    assertErrno(Errno.EFAULT, () -> process.madvise(at(0), PAGE_SIZE, MADV_POPULATE_READ));
    device.readsFail = false;
    assertEquals(1, other.loadLong(at(0)));
    allIsThere();
    child.leave(other);
    child.exit();
  }

  @Test
  void pageThatCannotBeWrittenStaysInMemoryAndDirty() {
    device.writesFail = true;
    pageout();
    assertEquals(0, machine.reclaim(10));
    machine.check();
    for (int page = 0; page < PAGES; page++) {
      assertTrue(SwapPte.isSwapEntry(pte(page)), "it is in the swap cache only");
    }
    allIsThere(); // without a read: the device has nothing
    pageout();
    device.writesFail = false;
    assertEquals(PAGES, machine.reclaim(10));
    machine.check();
    allIsThere();
    assertEquals(PAGES, device.writes);
  }

  @Test
  void pageThatCannotBeWrittenIsWrittenLater() {
    device.writesFail = true;
    pageout();
    device.writesFail = false;
    assertEquals(PAGES, machine.reclaim(10), "nobody maps them, and they are dirty still");
    allIsThere();
  }

  @Test
  void swapoffWithAReadErrorKeepsWhatItCannotRead() {
    pageout();
    device.readsFail = true;
    assertErrno(Errno.EIO, () -> machine.swapoff(area));
    machine.check();
    assertEquals(PAGES, area.inUsePages());
    device.readsFail = false;
    machine.swapoff(area);
    allIsThere();
  }

  @Test
  void unreadableDeviceIsNoArea() {
    FailingDevice bad = new FailingDevice();
    bad.readsFail = true;
    assertErrno(Errno.EIO, () -> machine.swapon(bad, FailingDevice.BYTES));
  }
}
