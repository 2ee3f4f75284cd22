package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.jmmu.types.VmaTree;
import org.junit.jupiter.api.Test;

class UnmappedAreaTest {
  private static final long LOW = 16 * PAGE_SIZE;
  private static final long HIGH = 16_384 * PAGE_SIZE;
  private static final long HUGE_PAGE = 512 * PAGE_SIZE;
  private static final long GUARD = 256 * PAGE_SIZE;

  private final Mm mm = new Mm(1);
  private final VmaTree vmas = mm.vmas;

  @Test
  void leftoverSpaceBetweenTheLimits() {
    assertEquals(HIGH - PAGE_SIZE, topDown(PAGE_SIZE));
    assertEquals(LOW, bottomUp(PAGE_SIZE));
    assertEquals(LOW, topDown(HIGH - LOW));
    assertEquals(UnmappedArea.NONE, topDown(HIGH - LOW + PAGE_SIZE));
    assertEquals(UnmappedArea.NONE, bottomUp(HIGH - LOW + PAGE_SIZE));
    assertEquals(UnmappedArea.NONE, topDown(Long.MIN_VALUE)); // as unsigned, a huge length
  }

  @Test
  void theGuardGapBelowAStackStaysFree() {
    map(HIGH - 10 * PAGE_SIZE, HIGH, VmFlags.VM_GROWSDOWN);
    long stackGap = HIGH - 10 * PAGE_SIZE - GUARD;
    assertEquals(stackGap - PAGE_SIZE, topDown(PAGE_SIZE));

    map(LOW, stackGap, 0);
    assertEquals(UnmappedArea.NONE, topDown(PAGE_SIZE));
    assertEquals(UnmappedArea.NONE, bottomUp(PAGE_SIZE));
  }

  @Test
  void otherVmasKeepNoGap() {
    map(HIGH - 10 * PAGE_SIZE, HIGH, 0);
    assertEquals(HIGH - 11 * PAGE_SIZE, topDown(PAGE_SIZE));
    map(LOW, LOW + PAGE_SIZE, 0);
    assertEquals(LOW + PAGE_SIZE, bottomUp(HIGH - LOW - 11 * PAGE_SIZE));
  }

  @Test
  void bottomUpGoesOnBehindAStack() {
    long stack = LOW + GUARD;
    map(stack, stack + PAGE_SIZE, VmFlags.VM_GROWSDOWN);
    assertEquals(stack + PAGE_SIZE, bottomUp(PAGE_SIZE));
  }

  @Test
  void theStackAboveTheUpperLimitCountsToo() {
    map(HIGH + PAGE_SIZE, HIGH + 2 * PAGE_SIZE, VmFlags.VM_GROWSDOWN);
    assertEquals(HIGH + PAGE_SIZE - GUARD - PAGE_SIZE, topDown(PAGE_SIZE));
  }

  @Test
  void alignedPlaces() {
    map(HIGH - 3 * PAGE_SIZE, HIGH, 0);
    long length = 2 * HUGE_PAGE;
    long mask = HUGE_PAGE - 1;
    assertEquals(HIGH - 3 * HUGE_PAGE, UnmappedArea.topDown(vmas, LOW, HIGH, length, mask, 0));
    assertEquals(HUGE_PAGE, UnmappedArea.bottomUp(vmas, LOW, HIGH, length, mask, 0));
    long offset = 5 * PAGE_SIZE;
    assertEquals(
        HIGH - 3 * HUGE_PAGE + offset, UnmappedArea.topDown(vmas, LOW, HIGH, length, mask, offset));
    assertEquals(HUGE_PAGE + offset, UnmappedArea.bottomUp(vmas, LOW, HIGH, length, mask, offset));
  }

  /** Linux asks for the alignment on top of the length and does not see that one just fits. */
  @Test
  void anAlignedGapThatJustFitsIsNotFound() {
    map(4 * HUGE_PAGE, HIGH, 0);
    long mask = HUGE_PAGE - 1;
    long low = 3 * HUGE_PAGE;
    long high = 4 * HUGE_PAGE;
    assertEquals(UnmappedArea.NONE, UnmappedArea.topDown(vmas, low, high, HUGE_PAGE, mask, 0));
    assertEquals(UnmappedArea.NONE, UnmappedArea.bottomUp(vmas, low, high, HUGE_PAGE, mask, 0));
  }

  private long topDown(long length) {
    return UnmappedArea.topDown(vmas, LOW, HIGH, length, 0, 0);
  }

  private long bottomUp(long length) {
    return UnmappedArea.bottomUp(vmas, LOW, HIGH, length, 0, 0);
  }

  private void map(long start, long end, long flags) {
    vmas.insert(new Vma(mm, start, end, 0, flags));
  }
}
