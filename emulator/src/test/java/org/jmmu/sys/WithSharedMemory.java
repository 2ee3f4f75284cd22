package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jmmu.swap.SwapInfo;
import org.junit.jupiter.api.BeforeEach;

/** Four pages of a memfd, mapped shared, with the numbers 1 to 4, and a swap area that may fail. */
abstract class WithSharedMemory extends SteppedProcess {
  static final int PAGES = 4;

  final FailingDevice device = new FailingDevice();
  SwapInfo area;
  int fd;

  @BeforeEach
  final void writePages() {
    area = machine.swapon(device, FailingDevice.BYTES);
    fd = process.memfdCreate("shared", 0);
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    mapShared(0);
    for (int page = 0; page < PAGES; page++) {
      store(page, page + 1);
    }
  }

  /** Maps the whole file at a page. */
  final void mapShared(long page) {
    long _ = process.mmap(at(page), PAGES * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
  }

  final void pageout() {
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_PAGEOUT);
  }

  final void pageoutFirst() {
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT);
  }

  final void allIsThere() {
    for (int page = 0; page < PAGES; page++) {
      assertEquals(page + 1, load(page));
    }
  }

  final byte[] read(long offset, int bytes) {
    byte[] buffer = new byte[bytes];
    assertEquals(bytes, process.pread(fd, buffer, offset));
    return buffer;
  }
}
