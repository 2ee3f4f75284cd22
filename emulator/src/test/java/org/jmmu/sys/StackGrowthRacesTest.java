package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_GROWSDOWN;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.types.SegvException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * To grow, a stack needs mmap_lock for writing, which a fault holds for reading: it gives it up for
 * a moment, and must look anew.
 *
 * <pre>
 *   F                          C
 *   page 990: the stack lies above
 *   mmap_lock given up
 *                              changes what lies there
 *   mmap_lock(W): looks anew; else: the stack as it was would grow
 * </pre>
 */
class StackGrowthRacesTest extends SteppedProcess {
  private static final String WINDOW = "F:lockMmAndFindVma.unlocked C:end F:end";

  /** A stack from page 1000 on. */
  @BeforeEach
  void mapStack() {
    int flags = ANON | MAP_FIXED | MAP_GROWSDOWN;
    assertEquals(at(1000), process.mmap(at(1000), 4 * PAGE_SIZE, RW, flags));
    store(1003, 1);
  }

  @Test
  void undisturbed() {
    step(WINDOW, () -> storeOther(990, 5), () -> {});
    assertEquals("990-1004 rw", maps());
    assertMovable(990);
    assertMovable(1003);
  }

  @Test
  void somethingIsMappedAtTheAddress() {
    step(WINDOW, () -> storeOther(990, 5), () -> map(990, 1, RW));
    assertEquals("990-991 rw, 1000-1004 rw", maps());
    assertEquals(5, load(990));
    assertMovable(990);
  }

  @Test
  void somethingIsMappedBelowTheAddress() {
    step(
        WINDOW,
        () -> assertThrows(SegvException.class, () -> storeOther(990, 5)),
        () -> map(989, 1, RW));
    assertEquals("989-990 rw, 1000-1004 rw", maps());
  }

  @Test
  void theStackIsUnmapped() {
    step(
        WINDOW,
        () -> assertThrows(SegvException.class, () -> storeOther(990, 5)),
        () -> process.munmap(at(1000), 4 * PAGE_SIZE));
    assertEquals("", maps());
  }

  @Test
  void anotherFaultLetsItGrow() {
    step(WINDOW, () -> storeOther(990, 5), () -> store(980, 6));
    assertEquals("980-1004 rw", maps());
    assertMovable(980);
    assertMovable(990);
  }

  /**
   * <pre>
   *   F                          C
   *   page 1002: new frame
   *                              page 990: waits for F
   *                              else: vm_start = 990, vm_pgoff still that of 1000
   *   index = vm_pgoff + 1002 - vm_start, entry set
   *   else: rmap looks in the wrong place
   * </pre>
   */
  @Test
  void aFaultInsideKeepsTheStackFromGrowing() {
    step(
        "F:doAnonymousPage.allocated C:expandDownwards.vm_start F:end C:end",
        () -> storeOther(1002, 5),
        () -> store(990, 6));
    assertEquals("990-1004 rw", maps());
    assertMovable(1002);
  }
}
