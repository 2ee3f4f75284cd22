package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;

/** Faults on private memory against each other, against fork and against madvise. */
class AnonFaultRacesTest extends SteppedProcess {
  /**
   * What a thread stored first, a child must not lack if it has what the thread stored later.
   *
   * <pre>
   *   F                          C
   *                              fork: page 0 copied, read-only now; TLBs not flushed
   *   stores to page 0: faults, and waits for the end of C's section
   *   else: gets a copy of its own
   *   stores to page 2: still writable
   *                              page 2 copied: the child has the second store only
   * </pre>
   */
  @Test
  void forkSeesStoresInTheirOrder() {
    map(0, 1, RW);
    map(2, 1, RW);
    store(0, 1);
    store(2, 1);
    Process[] child = new Process[1];
    step(
        "C:dupMmap.vma*2 F:end C:end F:end",
        () -> {
          storeOther(0, 5);
          storeOther(2, 5);
        },
        () -> child[0] = process.fork());
    assertEquals(5, load(0));
    assertEquals(5, load(2));
    child[0].runOn(cpu);
    assertEquals(1, load(0));
    assertEquals(1, load(2));
    process.runOn(cpu);
    child[0].exit();
  }

  /**
   * The copy is made without the ptl, and madvise holds mmap_lock for reading only.
   *
   * <pre>
   *   F                          C
   *   page 0: copied
   *                              MADV_DONTNEED: entry and page gone
   *   entry still the same?
   *   faults again; else: the old content is back, the old page put twice
   * </pre>
   */
  @Test
  void aCopyIsNotMappedOverAnotherEntry() {
    map(0, 1, RW);
    store(0, 1);
    Process child = process.fork();
    step(
        "F:wpPageCopy.copied C:end F:end",
        () -> other.storeLong(at(0) + 8, 5),
        () -> process.madvise(at(0), PAGE_SIZE, MADV_DONTNEED));
    assertEquals(0, load(0));
    assertEquals(5, cpu.loadLong(at(0) + 8));
    child.exit();
  }

  /**
   * <pre>
   *   F                          C
   *   page 0: new frame
   *                              page 0: new frame, entry set, store
   *   entry still free?
   *   frame given back; else: the store is lost
   * </pre>
   */
  @Test
  void twoFirstFaultsOnOnePage() {
    map(0, 1, RW);
    map(0, 2, RW);
    store(1, 1);
    step(
        "F:doAnonymousPage.allocated C:end F:end",
        () -> other.storeLong(at(0) + 8, 5),
        () -> store(0, 6));
    assertEquals(6, load(0));
    assertEquals(5, cpu.loadLong(at(0) + 8));
    assertMovable(0);
  }

  /**
   * <pre>
   *   F                          C
   *   page 0: new anon_vma
   *                              page 1: new anon_vma, linked
   *   somebody was faster?
   *   takes that one; else: two for one VMA, which then goes with no neighbour any more
   * </pre>
   */
  @Test
  void twoThreadsPrepareOneAnonVma() {
    map(0, 2, RW);
    step(
        "F:anonVmaPrepare.allocated C:end F:end", //
        () -> storeOther(0, 5),
        () -> store(1, 6));
    Vma vma = process.mm().vmas.find(at(0));
    assertNotNull(vma);
    assertTrue(vma.anonVmaChain.isSingular());
    assertMovable(0);
    assertMovable(1);
  }
}
