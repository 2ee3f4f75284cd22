package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A fault that brings a page of a file in while the page is taken out of the file. Pages 0 to 3 map
 * the file shared, 8 to 11 map it privately.
 */
class FaultAgainstTruncationTest extends SteppedProcess {
  private static final long COPY = 8;
  private static final byte OLD = 9; // what the file held before

  private int fd;

  @BeforeEach
  void mapFile() {
    fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, 4 * PAGE_SIZE);
    long bytes = 4 * PAGE_SIZE;
    long _ = process.mmap(at(0), bytes, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    long _ = process.mmap(at(COPY), bytes, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
  }

  /** Puts the page into the page cache. */
  private void write(long page) {
    assertEquals(1, process.pwrite(fd, new byte[] {OLD}, page * PAGE_SIZE));
  }

  private byte read(long page) {
    byte[] buffer = new byte[1];
    assertEquals(1, process.pread(fd, buffer, page * PAGE_SIZE));
    return buffer[0];
  }

  private void punchHole(long page) {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    process.fallocate(fd, mode, page * PAGE_SIZE, PAGE_SIZE);
  }

  /** The mapping shows the file's page: a zero, and then what is stored through it. */
  private void assertMapsHole(long page) {
    assertEquals(0, load(page));
    store(page, 77);
    assertEquals(77, read(page));
  }

  /**
   * <pre>
   *   F                          C
   *   page 1 locked
   *                              range unmapped: no entry yet
   *                              waits for the page
   *   entry set, page unlocked
   *                              unmaps it, removes it from the file
   *                              else: mapped, but no page of the file
   * </pre>
   */
  @Test
  void aHoleComesBehindAFaultThatHasThePageLocked() {
    step(
        "F:finishFault.begin C:end F:end C:end", //
        () -> storeOther(1, 5),
        () -> punchHole(1));
    assertMapsHole(1);
  }

  /** The same with a read. */
  @Test
  void aHoleComesBehindARead() {
    step(
        "F:finishFault.begin C:end F:end C:end",
        () -> assertEquals(0, other.loadLong(at(1))),
        () -> punchHole(1));
    assertMapsHole(1);
  }

  /** And with a file that ends before the page then. */
  @Test
  void theEndComesBehindAFaultThatHasThePageLocked() {
    step(
        "F:finishFault.begin C:end F:end C:end",
        () -> storeOther(1, 5),
        () -> process.ftruncate(fd, PAGE_SIZE));
    assertThrows(SigbusException.class, () -> load(1));
    process.ftruncate(fd, 2 * PAGE_SIZE);
    assertMapsHole(1);
  }

  /**
   * <pre>
   *   F                          C
   *   page 1 locked, copied
   *                              i_size = 1 page, range unmapped: no entry yet
   *                              waits for the page
   *   copy mapped, page unlocked
   *                              page removed
   *                              range unmapped once more, copies too
   *   SIGBUS from now on; else: a copy of what is not there
   * </pre>
   */
  @Test
  void theEndComesBehindAPrivateCopy() {
    step(
        "F:doCowFault.copied C:end F:end C:end",
        () -> storeOther(COPY + 1, 5),
        () -> process.ftruncate(fd, PAGE_SIZE));
    assertThrows(SigbusException.class, () -> load(COPY + 1));
    assertThrows(SigbusException.class, () -> store(COPY + 1, 6));
  }

  /** A hole, other than the end, leaves copies, old and new. */
  @Test
  void aHoleLeavesPrivateCopies() {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    store(COPY, 4);
    step(
        "F:doCowFault.copied C:end F:end C:end",
        () -> storeOther(COPY + 1, 5),
        () -> process.fallocate(fd, mode, 0, 2 * PAGE_SIZE));
    assertEquals(4, load(COPY));
    assertEquals(5, load(COPY + 1));
    assertMovable(COPY + 1);
  }

  /**
   * <pre>
   *   F                          C
   *   i_size asked: 4 pages
   *   page 1 locked
   *                              i_size = 1 page, range unmapped
   *   i_size asked once more
   *   SIGBUS; else: the store succeeds
   *                              page removed
   * </pre>
   */
  @Test
  void theEndIsAskedForUnderThePageLock() {
    step(
        "F:getFolio.locked C:truncate.unmapped F:end C:end",
        () -> assertThrows(SigbusException.class, () -> storeOther(1, 5)),
        () -> process.ftruncate(fd, PAGE_SIZE));
    assertThrows(SigbusException.class, () -> load(1));
  }

  /**
   * <pre>
   *   F                          C
   *   page 1 found, referenced
   *                              page 1 removed from the file
   *   page locked: still the file's?
   *   another one made; else: the store goes where the file does not look
   * </pre>
   */
  @Test
  void thePageIsAskedForItsFileUnderThePageLock() {
    write(1);
    step("F:findLock.found C:end F:end", () -> storeOther(1, 5), () -> punchHole(1));
    assertEquals(5, load(1));
    assertEquals(5, read(1));
  }

  /**
   * <pre>
   *   F                          C
   *                              range unmapped
   *   reads page 0, finds
   *   page 1 beside it
   *                              page 1 removed from the file
   *   page locked: still the file's?
   *   left alone; else: mapped, but no page of the file
   * </pre>
   */
  @Test
  void faultAroundAsksThePageForItsFile() {
    write(0);
    write(1);
    step(
        "C:punchHole.unmapped F:filemapMapPages.found*2 C:end F:end",
        () -> assertEquals(OLD, other.loadLong(at(0))),
        () -> punchHole(1));
    assertMapsHole(1);
  }

  /**
   * <pre>
   *   F                          C
   *                              i_size = 1 page, range unmapped
   *   reads page 0: page 1 lies behind the end
   *   reads page 1: SIGBUS; else: OLD
   *                              page removed
   * </pre>
   */
  @Test
  void faultAroundStopsAtTheEnd() {
    write(0);
    write(1);
    step(
        "C:truncate.unmapped F:end C:end",
        () -> {
          assertEquals(OLD, other.loadLong(at(0)));
          assertThrows(SigbusException.class, () -> other.loadLong(at(1)));
        },
        () -> process.ftruncate(fd, PAGE_SIZE));
  }

  /**
   * <pre>
   *   F                          C
   *   page 1 read, then written:
   *   read-only entry found
   *                              unmapped, removed from the file
   *   page locked: entry still the same?
   *   faults again; else: an entry out of nothing
   * </pre>
   */
  @Test
  void aWriteToAReadOnlyPageAsksForItsEntryOnceMore() {
    write(1);
    step(
        "F:wpPageShared.begin C:end F:end",
        () -> {
          assertEquals(OLD, other.loadLong(at(1)));
          storeOther(1, 5);
        },
        () -> punchHole(1));
    assertEquals(5, load(1));
    assertEquals(5, read(1));
  }
}
