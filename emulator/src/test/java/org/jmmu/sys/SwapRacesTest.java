package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.hw.Cpu;
import org.jmmu.swap.SwapInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Faults on what is swapped out, or on its way, against those who swap, unmap and fork. */
class SwapRacesTest extends SteppedProcess {
  private SwapInfo area;
  private final List<Process> children = new ArrayList<>();

  @BeforeEach
  void writeOnePage() {
    area = machine.swaponMemory(8);
    map(0, 1, RW);
    store(0, 42);
  }

  private void pageout() {
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT);
  }

  private void forkNow() {
    children.add(process.fork());
  }

  /** What the only child has in the page. */
  private long loadInChild() {
    Process child = children.removeLast();
    Cpu on = child.runOn(machine.cpu(1));
    long value = on.loadLong(at(0));
    child.leave(on);
    child.exit();
    return value;
  }

  /**
   * <pre>
   *   F                              C
   *   page read, to be locked
   *                                  entry zapped: slot and page go once F is done with them
   *   page locked, entry changed
   *   again: a page of zeroes
   * </pre>
   */
  @Test
  void zapBehindTheRead() {
    pageout();
    step(
        "F:doSwapPage.found C:end F:end",
        () -> assertEquals(0, other.loadLong(at(0))),
        () -> process.madvise(at(0), PAGE_SIZE, MADV_DONTNEED));
    machine.check();
    assertEquals(0, area.inUsePages());
  }

  /** The same while the page is locked and being read: C cannot have it. */
  @Test
  void zapDuringTheRead() {
    pageout();
    step(
        "F:swapIn.read C:end F:end",
        () -> assertEquals(0, other.loadLong(at(0))),
        () -> process.madvise(at(0), PAGE_SIZE, MADV_DONTNEED));
    machine.check();
    assertEquals(0, area.inUsePages());
  }

  /**
   * <pre>
   *   F                              C
   *   frame for the page
   *                                  page read, mapped, written to: the slot is free
   *   slot free: nothing to do
   * </pre>
   */
  @Test
  void otherThreadIsFaster() {
    pageout();
    step("F:swapIn.allocated C:end F:end", () -> other.storeLong(at(0) + 8, 1), () -> store(0, 43));
    assertEquals(43, load(0));
    assertEquals(1, cpu.loadLong(at(0) + 8));
    assertMovable(0);
  }

  /** Both find the page in the swap cache; the second finds it mapped, and writes to it at once. */
  @Test
  void twoFaultsFindOnePage() {
    pageout();
    step("F:doSwapPage.found C:end F:end", () -> other.storeLong(at(0) + 8, 1), () -> store(0, 43));
    assertEquals(43, load(0));
    assertEquals(1, cpu.loadLong(at(0) + 8));
    pageout(); // it has its slot still, with other content
    assertEquals(43, load(0));
  }

  /**
   * <pre>
   *   F                              C
   *                                  entry is a swap entry, page locked, to be written
   *   page in the swap cache: waits
   *                                  written; somebody has a reference: the page stays
   *   page mapped, written to
   * </pre>
   */
  @Test
  void faultOnAPageOnItsWayOut() {
    step(
        "C:shrinkPage.unmapped F:end C:end F:end",
        () -> other.storeLong(at(0) + 8, 1),
        this::pageout);
    assertEquals(42, load(0));
    assertEquals(1, cpu.loadLong(at(0) + 8));
    assertMovable(0);
  }

  /** The same after the write: what F stores now is not in the slot, which must go. */
  @Test
  void faultOnAPageThatHasBeenWritten() {
    step(
        "C:shrinkPage.written F:end C:end F:end",
        () -> other.storeLong(at(0) + 8, 1),
        this::pageout);
    pageout();
    assertEquals(42, load(0));
    assertEquals(1, cpu.loadLong(at(0) + 8));
  }

  /**
   * <pre>
   *   F                              C
   *   TLB has the page, writable
   *                                  entry taken out, TLBs not flushed yet
   *   stores through its TLB
   *                                  flushed; only now the page is written
   * </pre>
   */
  @Test
  void storeThroughTheTlbIsWritten() {
    other.storeLong(at(0) + 8, 1);
    step("C:tryToUnmap.cleared F:end C:end", () -> other.storeLong(at(0) + 8, 2), this::pageout);
    assertEquals(1, area.inUsePages());
    assertEquals(42, load(0));
    assertEquals(2, cpu.loadLong(at(0) + 8));
  }

  /** The page is zapped while it is being written: page and slot are free in the end. */
  @Test
  void zapDuringTheWrite() {
    step(
        "C:swapWriteout.begin F:end C:end",
        () -> process.madvise(at(0), PAGE_SIZE, MADV_DONTNEED),
        this::pageout);
    machine.check();
    assertEquals(0, area.inUsePages());
    assertEquals(0, load(0));
  }

  /** The page is zapped before its entry is found: it has a slot, and nobody. */
  @Test
  void zapBeforeTheWalk() {
    step(
        "C:shrinkPage.added F:end C:end",
        () -> process.madvise(at(0), PAGE_SIZE, MADV_DONTNEED),
        this::pageout);
    machine.check();
    assertEquals(0, area.inUsePages());
  }

  /** A child that comes into being on the way out has the same page, in memory or not. */
  @Test
  void forkOnTheWayOut() {
    for (String point :
        List.of("shrinkPage.added", "shrinkPage.unmapped", "shrinkPage.written", "rmapWalk.vma")) {
      store(0, 42);
      step("C:" + point + " F:end C:end F:end", this::forkNow, this::pageout);
      machine.check();
      store(0, 43);
      assertEquals(42, loadInChild(), point);
      assertEquals(43, load(0), point);
    }
  }

  /** A fork waits for the fault, which has the VMA locked: the child has what was stored. */
  @Test
  void forkDuringTheFault() {
    pageout();
    step("F:doSwapPage.found C:end F:end", () -> other.storeLong(at(0), 43), this::forkNow);
    machine.check();
    store(0, 44);
    assertEquals(43, loadInChild());
  }

  /**
   * <pre>
   *   F                              C
   *   area takes pages
   *                                  area takes no more pages; nothing is in use: off
   *   slot taken
   *   area takes no more: slot back
   * </pre>
   */
  @Test
  void slotOfAnAreaThatGoesOff() {
    step("F:swapInfo.writeOk C:end F:end", this::pageout, () -> machine.swapoff(area));
    assertEquals(42, load(0));
    assertEquals(0, area.inUsePages());
  }

  /** swapoff and a fault bring one page back. */
  @Test
  void swapoffAgainstAFault() {
    pageout();
    step(
        "C:unuse.found F:end C:end F:end",
        () -> other.storeLong(at(0) + 8, 1),
        () -> machine.swapoff(area));
    assertEquals(42, load(0));
    assertEquals(1, cpu.loadLong(at(0) + 8));
    assertMovable(0);
  }
}
