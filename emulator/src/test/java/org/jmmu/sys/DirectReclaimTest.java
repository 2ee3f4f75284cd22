package org.jmmu.sys;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jmmu.hw.Cpu;
import org.jmmu.swap.SwapInfo;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.Test;

/** More memory in use than there is. */
class DirectReclaimTest extends WithProcess {
  private static final int PAGES = 300; // 128 frames

  @Test
  void memoryIsAsLargeAsFramesAndSwap() {
    SwapInfo area = machine.swaponMemory(PAGES);
    map(0, PAGES, RW);
    long[] expected = new long[PAGES];
    Random random = new Random(3);
    for (int step = 1; step <= 20 * PAGES; step++) {
      int page = random.nextInt(PAGES);
      if (random.nextInt(3) == 0) {
        expected[page] = step;
        store(page, step);
      } else {
        assertEquals(expected[page], load(page));
      }
    }
    assertTrue(area.inUsePages() > PAGES / 3, area.toString());
    for (int page = 0; page < PAGES; page++) {
      assertEquals(expected[page], load(page));
    }
  }

  @Test
  void withoutSwapThereIsNoMore() {
    map(0, PAGES, RW);
    assertErrno(
        Errno.ENOMEM,
        () -> {
          for (int page = 0; page < PAGES; page++) {
            store(page, page);
          }
        });
  }

  @Test
  void swapThatIsFullIsEnomemToo() {
    SwapInfo area = machine.swaponMemory(20);
    map(0, PAGES, RW);
    int written = 0;
    try {
      for (; written < PAGES; written++) {
        store(written, written);
      }
    } catch (ErrnoException e) {
      assertEquals(Errno.ENOMEM, e.errno());
    }
    assertTrue(written > 128 && written < PAGES, "pages written: " + written);
    assertEquals(20, area.inUsePages());
    machine.check();
  }

  @Test
  void forkAndCopyReclaimWhatTheyNeed() {
    SwapInfo _ = machine.swaponMemory(2 * PAGES);
    map(0, 100, RW);
    for (int page = 0; page < 100; page++) {
      store(page, page + 1);
    }
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    for (int page = 0; page < 100; page++) {
      other.storeLong(at(page), -page);
    }
    for (int page = 0; page < 100; page++) {
      assertEquals(page + 1, load(page));
      assertEquals(-page, other.loadLong(at(page)));
    }
    machine.check();
    child.leave(other);
    child.exit();
  }

  /** A count beyond 62 takes memory of its own, as Linux has it. */
  @Test
  void manyChildrenShareASlot() {
    try (Machine large = Machine.boot(MachineConfig.small().withFrames(2048))) {
      SwapInfo area = large.swaponMemory(10);
      Process parent = large.spawn();
      Cpu on = parent.runOn(large.cpu(0));
      long start = parent.mmap(PAGE_SIZE, RW, ANON);
      on.storeLong(start, 77);
      assertEquals(1, large.kernel().vmscan.shrink(1));
      List<Process> children = new ArrayList<>();
      for (int count = 1; count < 62; count++) {
        children.add(parent.fork());
      }
      large.failAlloc().failNth(Integer.MAX_VALUE);
      children.add(parent.fork());
      List<String> allocated = large.failAlloc().disarm();
      int nth = allocated.indexOf("swap count continuation") + 1;
      assertTrue(nth > 0, allocated.toString());
      children.removeLast().exit();
      large.failAlloc().failNth(nth);
      ErrnoException e = assertThrows(ErrnoException.class, parent::fork);
      assertEquals(Errno.ENOMEM, e.errno());
      List<String> _ = large.failAlloc().disarm();
      large.check();
      for (int more = 0; more < 100; more++) {
        children.add(parent.fork());
      }
      large.check();
      assertEquals(1, area.inUsePages());
      assertEquals(77, children.getLast().runOn(large.cpu(1)).loadLong(start));
      large.swapoff(area);
      large.check();
      assertEquals(77, on.loadLong(start));
      children.forEach(Process::exit);
      parent.exit();
      large.check();
      assertEquals(0, large.kernel().framesInUse());
    }
  }
}
