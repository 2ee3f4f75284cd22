package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_POPULATE_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.types.Errno;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.Test;

/** A device that fails loses nothing of shared memory. */
class ShmemSwapErrorsTest extends WithSharedMemory {
  @Test
  void readErrorIsSigbusAndEioAndThePageStaysWhereItIs() {
    pageout();
    device.readsFail = true;
    assertEquals(at(1), assertThrows(SigbusException.class, () -> load(1)).vaddr());
    assertThrows(SigbusException.class, () -> store(2, 9));
    assertErrno(Errno.EIO, () -> read(0, 8));
    assertErrno(Errno.EIO, () -> process.pwrite(fd, new byte[1], 0));
    assertErrno(Errno.EFAULT, () -> process.madvise(at(0), PAGE_SIZE, MADV_POPULATE_READ));
    assertEquals(PAGES, area.inUsePages());
    machine.check();
    device.readsFail = false;
    allIsThere();
  }

  @Test
  void pageThatCannotBeWrittenStaysInMemory() {
    device.writesFail = true;
    pageout();
    machine.check();
    assertEquals(0, machine.reclaim(10));
    device.readsFail = true;
    allIsThere(); // without a read: the device has nothing
    machine.check();
    device.readsFail = false;
    pageout();
    device.writesFail = false;
    assertEquals(PAGES, machine.reclaim(10));
    assertEquals(PAGES, device.writes);
    allIsThere();
  }

  @Test
  void swapoffWithAReadErrorKeepsWhatItCannotRead() {
    pageout();
    device.readsFail = true;
    assertErrno(Errno.EIO, () -> machine.swapoff(area));
    assertEquals(PAGES, area.inUsePages());
    machine.check();
    device.readsFail = false;
    machine.swapoff(area);
    allIsThere();
  }

  @Test
  void withoutFramesItIsEnomemAndNothingIsLost() {
    pageout();
    long[] taken = takeFramesBut(0);
    assertErrno(Errno.ENOMEM, () -> read(0, 8));
    assertErrno(Errno.ENOMEM, () -> machine.swapoff(area));
    assertEquals(PAGES, area.inUsePages());
    giveBack(taken);
    allIsThere();
  }

  @Test
  void truncationOfAPageThatCannotBeReadKeepsWhatItHas() {
    cpu.storeLong(at(1) + 100, 77);
    pageout();
    device.readsFail = true;
    process.ftruncate(fd, PAGE_SIZE + 100);
    device.readsFail = false;
    assertEquals(2, area.inUsePages());
    assertEquals(77, cpu.loadLong(at(1) + 100));
  }
}
