package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_UNMERGEABLE;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.swap.SwapInfo;
import org.jmmu.types.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Merged pages go to swap through their own reverse map, and come back as anybody's. */
class KsmSwapTest extends WithProcess {
  private static final int PAGES = 4;

  private final FailingDevice device = new FailingDevice();
  private SwapInfo area;
  private Process second; // not related
  private Cpu other;

  @BeforeEach
  void mergeAll() {
    area = machine.swapon(device, FailingDevice.BYTES);
    second = machine.spawn();
    other = second.runOn(machine.cpu(1));
    map(0, PAGES, RW);
    long _ = second.mmap(at(0), PAGES * PAGE_SIZE, RW, ANON);
    for (int page = 0; page < PAGES; page++) {
      store(page, 7);
      other.storeLong(at(page), 7);
    }
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_MERGEABLE);
    second.madvise(at(0), PAGES * PAGE_SIZE, MADV_MERGEABLE);
    machine.scanKsm();
    machine.scanKsm();
    assertEquals(1, machine.ksmPagesShared());
  }

  private void end() {
    second.leave(other);
    second.exit();
  }

  private void allIsThere() {
    for (int page = 0; page < PAGES; page++) {
      assertEquals(7, load(page));
      assertEquals(7, other.loadLong(at(page)));
    }
    machine.check();
  }

  @Test
  void onePageOneSlot() {
    assertEquals(1, machine.reclaim(1));
    assertEquals(1, area.inUsePages());
    machine.check();
    allIsThere();
    end();
  }

  /** Each place has a page of its own then: the reverse map of the first would not find others. */
  @Test
  void whatComesBackIsNotMergedAnyMore() {
    assertEquals(1, machine.reclaim(1));
    allIsThere();
    assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(0)));
    store(0, 8);
    assertEquals(7, load(1));
    assertEquals(7, other.loadLong(at(0)));
    other.storeLong(at(1), 9);
    assertEquals(7, load(1));
    assertEquals(8, load(0));
    assertEquals(0, area.inUsePages(), "no entry names the slot, and no page needs it");
    end();
  }

  @Test
  void whatIsStillInTheSwapCacheIsMergedStill() {
    device.writesFail = true;
    assertEquals(0, machine.reclaim(1)); // unmapped, and not gone
    long before = machine.kernel().framesInUse();
    allIsThere();
    assertEquals(before, machine.kernel().framesInUse(), "no copies");
    store(0, 8);
    assertEquals(7, load(1));
    assertEquals(7, other.loadLong(at(0)));
    end();
  }

  @Test
  void swapoffBringsEveryPlaceBack() {
    assertEquals(1, machine.reclaim(1));
    process.madvise(at(1), PAGE_SIZE, MADV_WILLNEED);
    machine.swapoff(area);
    allIsThere();
    end();
  }

  @Test
  void swapoffWithoutFramesForTheCopiesLosesNothing() {
    assertEquals(1, machine.reclaim(1));
    long[] taken = takeFramesBut(1);
    assertErrno(Errno.ENOMEM, () -> machine.swapoff(area));
    giveBack(taken);
    allIsThere();
    end();
  }

  @Test
  void childAndParentShareWhatComesBack() {
    Process child = process.fork();
    assertEquals(1, machine.reclaim(1));
    Cpu on = child.runOn(machine.cpu(0));
    on.storeLong(at(0), 3);
    assertEquals(7, on.loadLong(at(1)));
    child.leave(on);
    Cpu _ = process.runOn(machine.cpu(0));
    allIsThere();
    child.exit();
    end();
  }

  @Test
  void placesThatAreNoLongerMergeableComeBackTheSame() {
    device.writesFail = true;
    assertEquals(0, machine.reclaim(1));
    process.madvise(at(0), PAGES * PAGE_SIZE, MADV_UNMERGEABLE);
    allIsThere();
    machine.scanKsm();
    machine.compact();
    store(2, 5);
    assertEquals(7, other.loadLong(at(2)));
    device.writesFail = false;
    int _ = machine.reclaim(20);
    assertEquals(7, load(0));
    assertEquals(5, load(2));
    end();
  }
}
