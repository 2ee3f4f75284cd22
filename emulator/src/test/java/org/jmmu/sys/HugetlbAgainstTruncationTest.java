package org.jmmu.sys;

import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.jmmu.hw.Cpu;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A fault that brings a huge page in while the page is taken out of its file. F faults, on another
 * CPU; C changes the file, of which pages 0 to 2 are a shared mapping.
 */
class HugetlbAgainstTruncationTest extends WithHugePages {
  private Cpu other;
  private int fd;

  @BeforeEach
  void mapFile() {
    other = process.runOn(machine.cpu(1));
    fd = hugeFile(3);
    mapShared(fd, 0, 3);
    assertCounts(4, 4, 3, 0);
  }

  private void step(String schedule, Runnable fault, Runnable change) {
    StepResult run =
        Stepper.of(Schedule.parse(schedule)).thread("F", fault).thread("C", change).run();
    run.throwIfFailed();
    for (StepResult.Outcome outcome : run.outcomes()) {
      assertNotEquals(StepResult.Kind.NEVER_REACHED, outcome.kind(), run::toString);
    }
  }

  /**
   * <pre>
   *   F                          C
   *   i_size asked: 3 pages
   *                              i_size = 1 page
   *                              waits for the fault mutex
   *   page 1 added, entry set
   *                              unmaps and removes it, and its reservation
   *                              else: a page behind the end of the file
   * </pre>
   */
  @Test
  void theEndComesBehindAFaultThatFoundThePageInTheFile() {
    step(
        "F:hugetlbNoPage.inFile C:end F:end C:end",
        () -> other.storeLong(huge(1), 5),
        () -> process.ftruncate(fd, HUGE));
    assertCounts(4, 4, 1, 0);
    assertSigbus(1);
    process.ftruncate(fd, 3 * HUGE);
    assertEquals(0, cpu.loadLong(huge(1)));
    assertCounts(4, 3, 1, 0);
  }

  /**
   * <pre>
   *   F                          C
   *                              i_size = 1 page
   *   i_size asked: SIGBUS
   *                              unmaps, removes
   * </pre>
   */
  @Test
  void aFaultBehindTheNewEndFindsNoPage() {
    step(
        "C:hugetlbTruncate.shortened F:end C:end",
        () -> assertSigbus(other, 1),
        () -> process.ftruncate(fd, HUGE));
    assertCounts(4, 4, 1, 0);
  }

  /**
   * <pre>
   *   F                          C
   *                              range unmapped: no entry yet
   *   page 1 added, entry set
   *                              removes it, and unmaps it once more
   *                              else: mapped, but no page of the file
   * </pre>
   */
  @Test
  void aHoleTakesAPageThatCameAfterTheUnmapping() {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    step(
        "C:hugetlbPunchHole.unmapped F:end C:end",
        () -> other.storeLong(huge(1), 5),
        () -> process.fallocate(fd, mode, HUGE, HUGE));
    assertCounts(4, 4, 2, 0);
    assertEquals(0, cpu.loadLong(huge(1)));
    assertCounts(4, 3, 2, 0);
  }

  /** Of two faults on the last page there is, the second finds the page of the first. */
  @Test
  void twoFaultsNeedOnePage() {
    mapHuge(8, 1, HUGE_ANON);
    step(
        "F:hugetlbNoPage.inFile C:end F:end C:end",
        () -> other.storeLong(huge(8), 5),
        () -> cpu.storeLong(huge(8) + 8, 6));
    assertEquals(5, cpu.loadLong(huge(8)));
    assertEquals(6, other.loadLong(huge(8) + 8));
    assertCounts(4, 3, 3, 0);
  }
}
