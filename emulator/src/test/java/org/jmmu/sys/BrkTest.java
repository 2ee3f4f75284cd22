package org.jmmu.sys;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.migrate.MigratePages;
import org.jmmu.mm.Mman;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The heap starts at page 0. */
class BrkTest extends WithProcess {
  @BeforeEach
  void startOfTheHeap() {
    process.mm().startBrk = at(0);
    process.mm().brk = at(0);
  }

  @Test
  void growsAndShrinksByteByByteAndPageByPage() {
    assertEquals(at(0), process.brk(0));
    assertEquals(at(0) + 10, process.brk(at(0) + 10));
    assertEquals("0-1 rw", maps());
    store(0, 5);
    assertEquals(at(3) + 1, process.brk(at(3) + 1));
    assertEquals("0-4 rw", maps());
    store(3, 6);
    assertEquals(5, load(0));
    assertEquals(at(1), process.brk(at(1)));
    assertEquals("0-1 rw", maps());
    assertThrows(SegvException.class, () -> load(3));
    assertEquals(at(4), process.brk(at(4)));
    assertEquals(0, load(3));
    assertEquals(at(0), process.brk(at(0)));
    assertEquals("", maps());
  }

  @Test
  void staysApartFromWhatLiesBelow() {
    map(-2, 2, RW);
    assertEquals(at(1), process.brk(at(1)));
    assertEquals(at(3), process.brk(at(3)));
    assertEquals(2, process.mm().vmas.size());
    assertEquals("0-3 rw", maps());
  }

  @Test
  void staysWhereItIsWhenItCannotMove() {
    assertEquals(at(2), process.brk(at(2)));
    assertEquals(at(2), process.brk(at(-1)));
    map(6, 1, RW);
    assertEquals(at(2), process.brk(at(5) + 1)); // would touch the mapping
    assertEquals(at(2), process.brk(at(6))); // one page stays free
    assertEquals(at(5), process.brk(at(5)));
    assertEquals(at(5), process.brk(-1));
    process.munmap(at(0), 6 * PAGE_SIZE);
    assertEquals(at(5), process.brk(at(1))); // the heap is gone
  }

  @Test
  void keepsTheGapBelowAStack() {
    map(300, 1, RW);
    assertEquals(at(43), process.brk(at(43)));
    addFlags(300, VM_GROWSDOWN);
    assertEquals(at(43), process.brk(at(44)));
    assertEquals(at(42) + 1, process.brk(at(42) + 1));
  }

  @Test
  void limitsHold() {
    process.mm().rlimits.data = 4 * PAGE_SIZE;
    assertEquals(at(4), process.brk(at(4)));
    assertEquals(at(4), process.brk(at(4) + 1));
    process.mm().rlimits.data = -1;
    process.mm().rlimits.as = (process.mm().totalVm + 2) * PAGE_SIZE;
    assertEquals(at(4), process.brk(at(7)));
    assertEquals(at(6), process.brk(at(6)));
  }

  @Test
  void lockedFutureMemoryIsFaultedIn() {
    process.mlockall(Mman.MCL_FUTURE);
    assertEquals(at(2), process.brk(at(2)));
    for (int page = 0; page < 2; page++) {
      assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(page))); // it is there
    }
    process.mm().rlimits.memlock = 3 * PAGE_SIZE;
    assertEquals(at(2), process.brk(at(4)));
    assertEquals(at(3), process.brk(at(3)));
  }
}
