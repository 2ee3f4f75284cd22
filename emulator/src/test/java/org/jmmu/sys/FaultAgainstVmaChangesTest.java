package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.types.SegvException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A fault that holds the lock of its VMA keeps the VMA and its part of the page tables as they are:
 * whoever changes them, with mmap_lock held for writing, waits for it first.
 */
class FaultAgainstVmaChangesTest extends SteppedProcess {
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

  /** Pages 0 to 3, private; page 0 was touched, so that a fault needs no lock but the VMA's. */
  @BeforeEach
  void mapFourPages() {
    map(0, 4, RW);
    store(0, 1);
  }

  private void mapShared(long page, long nrPages) {
    int fd = process.memfdCreate("m", 0);
    process.ftruncate(fd, nrPages * PAGE_SIZE);
    long _ = process.mmap(at(page), nrPages * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    process.close(fd);
  }

  /**
   * <pre>
   *   F                          C
   *   page 3: new frame
   *                              munmap: waits for F. Else: nothing to zap at page 3
   *   entry set
   *                              else: table freed, with an entry in it
   * </pre>
   */
  @Test
  void munmap() {
    step(
        "F:doAnonymousPage.allocated C:end F:end C:end",
        () -> storeOther(3, 5),
        () -> process.munmap(at(0), 4 * PAGE_SIZE));
    assertEquals("", maps());
    assertThrows(SegvException.class, () -> load(3));
  }

  /**
   * <pre>
   *   F                          C
   *   writable entry made up
   *                              mprotect(PROT_READ): waits for F. Else: no entry to change
   *   entry set
   *   else: writable for ever
   * </pre>
   */
  @Test
  void mprotectToReadOnly() {
    mapShared(10, 4);
    step(
        "F:finishFault.begin C:end F:end C:end",
        () -> storeOther(11, 5),
        () -> process.mprotect(at(10), 4 * PAGE_SIZE, PROT_READ));
    assertThrows(SegvException.class, () -> store(11, 6));
    assertEquals(5, load(11));
  }

  /** The same with a read, and all access taken away. */
  @Test
  void mprotectToNone() {
    mapShared(10, 4);
    step(
        "F:finishFault.begin C:end F:end C:end",
        () -> assertEquals(0, other.loadLong(at(11))),
        () -> process.mprotect(at(10), 4 * PAGE_SIZE, PROT_NONE));
    assertThrows(SegvException.class, () -> load(11));
  }

  /**
   * <pre>
   *   F                          C
   *   page 3: new frame
   *                              munmap of page 1 cuts: waits for F
   *                              else: vm_start = 1, vm_pgoff still that of 0
   *   index = vm_pgoff + 3 - vm_start, entry set
   *   else: rmap looks in the wrong place
   * </pre>
   */
  @Test
  void split() {
    step(
        "F:doAnonymousPage.allocated C:vmaAdjust.vm_start F:end C:end",
        () -> storeOther(3, 5),
        () -> process.munmap(at(1), PAGE_SIZE));
    assertEquals("0-1 rw, 2-4 rw", maps());
    assertMovable(3);
  }

  /** The same in a VMA that gets a page from the one before it: its vm_start moves down. */
  @Test
  void nextGrowsDown() {
    store(2, 1);
    process.mprotect(at(0), 2 * PAGE_SIZE, PROT_READ);
    step(
        "F:doAnonymousPage.allocated C:vmaAdjust.next.vm_start F:end C:end",
        () -> storeOther(3, 5),
        () -> process.mprotect(at(1), PAGE_SIZE, RW));
    assertEquals("0-1 r-, 1-4 rw", maps());
    assertEquals(5, load(3));
    assertMovable(3);
  }

  /**
   * <pre>
   *   F                          C
   *   page 1: new frame
   *                              mremap to 20: waits for F. Else: no entry to move at page 1
   *   entry set, store
   *                              else: the old range is unmapped, the store with it
   * </pre>
   */
  @Test
  void mremap() {
    long bytes = 4 * PAGE_SIZE;
    step(
        "F:doAnonymousPage.allocated C:end F:end C:end",
        () -> storeOther(1, 5),
        () -> assertEquals(at(20), process.mremap(at(0), bytes, bytes, MOVE, at(20))));
    assertEquals("20-24 rw", maps());
    assertEquals(1, load(20));
    assertEquals(5, load(21));
    assertMovable(21);
  }

  /**
   * The lookup takes no lock: what it has found may be gone once it is locked.
   *
   * <pre>
   *   F                          C
   *   page 3: VMA found
   *                              munmap: VMA detached, tables freed
   *   refused: it is detached
   *   else: entry set in a table without a VMA
   * </pre>
   */
  @Test
  void foundAndUnmapped() {
    step(
        "F:lockVmaUnderRcu.found C:end F:end",
        () -> assertThrows(SegvException.class, () -> storeOther(3, 5)),
        () -> process.munmap(at(0), 4 * PAGE_SIZE));
    assertEquals("", maps());
  }

  /** As before, but the VMA gave its pages to the one before it, together with its anon_vma. */
  @Test
  void foundAndMerged() {
    process.mprotect(at(0), 2 * PAGE_SIZE, PROT_READ);
    step(
        "F:lockVmaUnderRcu.found C:end F:end",
        () -> storeOther(3, 5),
        () -> process.mprotect(at(0), 2 * PAGE_SIZE, RW));
    assertEquals("0-4 rw", maps());
    assertEquals(5, load(3));
    assertMovable(3);
  }

  /**
   * As before, but the VMA stays, with another range.
   *
   * <pre>
   *   F                          C
   *   page 3: VMA 0-4 found
   *                              mprotect(1, PROT_READ): that VMA is now page 1
   *   its range asked once more
   *   else: SIGSEGV, by the rights of page 1
   * </pre>
   */
  @Test
  void foundAndSplit() {
    step(
        "F:lockVmaUnderRcu.found C:end F:end",
        () -> storeOther(3, 5),
        () -> process.mprotect(at(1), PAGE_SIZE, PROT_READ));
    assertEquals("0-1 rw, 1-2 r-, 2-4 rw", maps());
    assertEquals(5, load(3));
  }

  /**
   * A first fault needs mmap_lock besides, to see whether a neighbour has an anon_vma.
   *
   * <pre>
   *   F                          C
   *   VMA lock
   *                              mmap_lock(W), waits for F's VMA lock
   *   mmap_lock: does not wait for C, or both wait for ever; gives up the VMA lock
   *                              done
   *   once more, with mmap_lock from the start
   * </pre>
   */
  @Test
  void aFaultThatNeedsMmapLockDoesNotWaitForIt() {
    map(10, 2, RW);
    step(
        "F:fault.vmaLocked C:end F:end C:end F:end",
        () -> storeOther(10, 5),
        () -> process.munmap(at(11), PAGE_SIZE));
    assertEquals(5, load(10));
    assertMovable(10);
  }
}
