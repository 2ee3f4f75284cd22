package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Copy-on-write against fork, madvise and munmap. */
class CopyOnWriteRacesTest extends SteppedProcess {
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
   *   page 0: copied
   *                              munmap, mmap of something else: waits for F
   *   entry set, store
   *                              page 0 zapped, the store with it
   *                              else: the store comes to the new mapping
   * </pre>
   */
  @Test
  void aCopyIsNotMappedIntoAnotherMapping() {
    map(0, 1, RW);
    store(0, 1);
    Process child = process.fork();
    step(
        "F:wpPageCopy.copied C:end F:end C:end",
        () -> storeOther(0, 5),
        () -> {
          process.munmap(at(0), PAGE_SIZE);
          long _ = process.mmap(at(0), PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
        });
    assertEquals(0, load(0));
    child.runOn(cpu);
    assertEquals(1, load(0));
    process.runOn(cpu);
    child.exit();
  }
}
