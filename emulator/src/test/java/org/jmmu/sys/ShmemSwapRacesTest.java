package org.jmmu.sys;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.Test;

/** Pages of shared memory on their way out and in, against faults and truncation. */
class ShmemSwapRacesTest extends WithSharedMemory {
  private void truncate() {
    process.ftruncate(fd, 0);
  }

  private void swapoff() {
    machine.swapoff(area);
  }

  private void nothingIsLeft() {
    machine.check();
    assertEquals(0, machine.kernel().swapfile.areas().stream().mapToInt(a -> a.inUsePages()).sum());
    assertThrows(SigbusException.class, () -> load(0));
    process.ftruncate(fd, PAGES * PAGE_SIZE);
    assertEquals(0, load(0));
  }

  /**
   * <pre>
   *   F, pageout                     C, fault
   *   page has a slot, and is in the page cache still
   *                                  finds it there, waits for it
   *   place names the slot, page written; somebody has a reference: it stays
   *                                  page no longer in its place; by its slot: maps it, writes
   * </pre>
   */
  @Test
  void faultOnAPageOnItsWayOut() {
    step("F:shmemWriteout.added C:end F:end C:end", this::pageoutFirst, () -> storeOther(0, 21));
    assertEquals(21, load(0));
    assertEquals(0, area.inUsePages());
    assertMovable(0);
  }

  /** The same when its place names the slot already: the page is found in the swap cache. */
  @Test
  void faultOnAPageThatIsBeingWritten() {
    step("F:swapWriteout.begin C:end F:end C:end", this::pageoutFirst, () -> storeOther(0, 21));
    assertEquals(21, load(0));
    pageout();
    assertEquals(21, load(0), "not what was in the slot");
  }

  @Test
  void faultOnAPageThatHasBeenWritten() {
    step("F:shrinkPage.written C:end F:end C:end", this::pageoutFirst, () -> storeOther(0, 21));
    pageout();
    assertEquals(21, load(0));
  }

  /** A read call that has found the page keeps it in memory, and gets its bytes. */
  @Test
  void readOfAPageOnItsWayOut() {
    step("C:findLock.found F:end C:end", this::pageoutFirst, () -> assertEquals(1, read(0, 8)[0]));
    assertEquals(0, area.inUsePages());
    allIsThere();
  }

  /**
   * <pre>
   *   F, pageout                     C, truncation
   *                                  finds the page, waits for it
   *   its place names a slot; page unlocked
   *                                  locks a page that is not the file's: looks again, frees the slot
   * </pre>
   */
  @Test
  void truncationOfAPageOnItsWayOut() {
    step("F:shmemWriteout.added C:end F:end C:end", this::pageoutFirst, this::truncate);
    nothingIsLeft();
  }

  /** The slot goes while the page is being written: the page goes with the writer's reference. */
  @Test
  void truncationOfAPageThatIsBeingWritten() {
    step("F:swapWriteout.begin C:end F:end", this::pageoutFirst, this::truncate);
    nothingIsLeft();
  }

  /**
   * <pre>
   *   F, swapoff                     C, truncation
   *   page read, to be locked
   *                                  place freed: a hole
   *   place has changed: drops the page
   * </pre>
   */
  @Test
  void truncationBehindTheRead() {
    pageoutFirst();
    step("F:shmemSwapin.found C:end F:end", this::swapoff, this::truncate);
    nothingIsLeft();
  }

  /** The same while the page is being read, locked. */
  @Test
  void truncationDuringTheRead() {
    pageoutFirst();
    step("F:swapIn.read C:end F:end", this::swapoff, this::truncate);
    nothingIsLeft();
  }

  /**
   * <pre>
   *   F, swapoff                     C, truncation
   *                                  finds that the place names a slot
   *   page back in its place
   *                                  place has changed: looks again, drops the page
   * </pre>
   */
  @Test
  void pageComesBackUnderTruncation() {
    pageoutFirst();
    step("C:truncate.found F:end C:end", this::swapoff, this::truncate);
    nothingIsLeft();
  }

  /** A fault has the page read, and the file is cut before it is mapped: SIGBUS. */
  @Test
  void faultAgainstTruncation() {
    pageoutFirst();
    step(
        "F:getFolio.locked C:end F:end C:end",
        () -> assertThrows(SigbusException.class, () -> other.loadLong(at(0))),
        () -> {
          process.ftruncate(fd, 0);
        });
    nothingIsLeft();
  }

  /** Two bring one page back; the second finds it in its place. */
  @Test
  void faultAgainstSwapoff() {
    pageoutFirst();
    step("F:shmemSwapin.found C:end F:end", this::swapoff, () -> storeOther(0, 21));
    assertEquals(21, load(0));
    allButTheFirst();
  }

  @Test
  void swapoffAgainstAFault() {
    pageoutFirst();
    step("C:shmemSwapin.found F:end C:end", this::swapoff, () -> storeOther(0, 21));
    assertEquals(21, load(0));
    allButTheFirst();
  }

  private void allButTheFirst() {
    for (int page = 1; page < PAGES; page++) {
      assertEquals(page + 1, load(page));
    }
  }

  /** The last user of the file goes while swapoff has a page of it. */
  @Test
  void theFileEndsUnderSwapoff() {
    pageoutFirst();
    process.close(fd);
    step(
        "F:shmemSwapin.found C:end F:end",
        this::swapoff,
        () -> process.munmap(at(0), PAGES * PAGE_SIZE));
    machine.check();
    assertEquals(0, machine.kernel().mappingSlots.allocated());
  }
}
