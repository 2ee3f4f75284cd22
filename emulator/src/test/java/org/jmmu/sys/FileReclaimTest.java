package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MS_SYNC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.jmmu.filemap.OpenMode;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages of files on disk: clean ones are dropped, dirty ones stored first. */
class FileReclaimTest extends SteppedProcess {
  private static final int PAGES = 3;

  private final FailingDevice disk = new FailingDevice();
  private final AddressSpace mapping = new AddressSpace(PAGES * PAGE_SIZE, disk);
  private int fd;

  @BeforeEach
  void mapFile() {
    fd = process.install(machine.files().open(mapping, "/file", OpenMode.O_RDWR));
    long _ = process.mmap(at(0), PAGES * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    for (int page = 0; page < PAGES; page++) {
      store(page, page + 1);
    }
    process.msync(at(0), PAGES * PAGE_SIZE, MS_SYNC);
    disk.writes = 0;
  }

  private void pageout() {
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_PAGEOUT);
  }

  private void pageoutFirst() {
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT);
  }

  private void assertInMemory(int... expected) {
    byte[] found = process.mincore(at(0), PAGES * PAGE_SIZE);
    int[] asInts = new int[found.length];
    Arrays.setAll(asInts, i -> found[i]);
    assertArrayEquals(expected, asInts);
  }

  private void allIsThere() {
    for (int page = 0; page < PAGES; page++) {
      assertEquals(page + 1, load(page));
    }
  }

  @Test
  void cleanPagesAreDroppedUnwritten() {
    long before = machine.kernel().framesInUse();
    pageout();
    assertInMemory(0, 0, 0);
    assertEquals(before - PAGES, machine.kernel().framesInUse());
    assertEquals(0, disk.writes);
    allIsThere();
  }

  @Test
  void dirtyPagesAreWrittenFirst() {
    store(1, 22);
    pageout();
    assertInMemory(0, 0, 0);
    assertEquals(1, disk.writes);
    assertEquals(22, load(1));
  }

  @Test
  void whatACallHasWrittenIsDirtyToo() {
    assertEquals(1, process.pwrite(fd, new byte[] {9}, 0));
    process.munmap(at(0), PAGES * PAGE_SIZE);
    assertEquals(PAGES, machine.reclaim(10));
    assertEquals(1, disk.writes);
    byte[] found = new byte[1];
    assertEquals(1, process.pread(fd, found, 0));
    assertEquals(9, found[0]);
  }

  @Test
  void anAllocationTakesThem() {
    long[] taken = takeFramesBut(0);
    assertInMemory(0, 0, 0);
    giveBack(taken);
    allIsThere();
  }

  @Test
  void theClockSparesWhatWasAccessed() {
    for (int page = 0; page < PAGES; page++) {
      long _ = load(page);
    }
    assertEquals(1, machine.reclaim(1)); // in its second turn
    machine.check();
    allIsThere();
  }

  @Test
  void writeErrorReachesMsyncOnceAndThePageStaysForNow() {
    store(1, 22);
    disk.writesFail = true;
    pageout();
    assertInMemory(0, 1, 0);
    assertEquals(22, load(1));
    disk.writesFail = false;
    assertErrno(Errno.EIO, () -> process.msync(at(0), PAGE_SIZE, MS_SYNC));
    process.msync(at(0), PAGE_SIZE, MS_SYNC);
    pageout(); // clean, as far as anybody knows: the bytes are lost, as in Linux
    assertEquals(2, load(1));
  }

  @Test
  void fileThatOneMayNotWriteIsNotSentAway() {
    int readOnly = process.install(machine.files().open(mapping, "/file", OpenMode.O_RDONLY));
    process.munmap(at(0), PAGES * PAGE_SIZE);
    long _ =
        process.mmap(at(0), PAGES * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, readOnly, 0);
    allIsThere();
    long before = machine.kernel().framesInUse();
    pageout();
    assertEquals(before, machine.kernel().framesInUse());
  }

  /**
   * <pre>
   *   F, pageout                     C, fault
   *   unmapped
   *                                  finds the page, waits for it
   *   somebody has a reference: it stays
   *                                  maps it, writes
   * </pre>
   */
  @Test
  void faultOnAPageOnItsWayOut() {
    step(
        "F:shrinkFilePage.unmapped C:end F:end C:end", this::pageoutFirst, () -> storeOther(0, 21));
    assertEquals(21, load(0));
    pageout();
    assertEquals(21, load(0));
  }

  /** A call that has found the page writes to it once it is unlocked: not to a free frame. */
  @Test
  void writeToAPageThatHasBeenWritten() {
    store(0, 7);
    step(
        "F:shrinkFilePage.written C:end F:end C:end",
        this::pageoutFirst,
        () -> assertEquals(1, process.pwrite(fd, new byte[] {8}, 0)));
    assertEquals(8, load(0));
    pageout();
    assertEquals(8, load(0));
  }

  @Test
  void truncationOfAPageOnItsWayOut() {
    store(0, 7);
    step(
        "F:shrinkFilePage.written C:end F:end C:end",
        this::pageoutFirst,
        () -> process.ftruncate(fd, 0));
    machine.check();
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    assertEquals(0, load(0));
  }
}
