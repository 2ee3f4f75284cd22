package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.migrate.MigratePages.Result;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.SwpEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages of the swap cache move, mapped or not; interleaving 3-B of race migration-wait. */
class SwapMigrationTest extends WithProcess {
  private SwapInfo area;

  @BeforeEach
  void swapOneOut() {
    area = machine.swaponMemory(8);
    map(0, 1, RW);
    store(0, 42);
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT);
  }

  private long pte() {
    return Mem.longGetAcquire(machine.kernel().tables.pteOffset(process.mm(), at(0)));
  }

  private long entry() {
    return area.nextEntry(SwpEntry.NONE);
  }

  private long cached() {
    return machine.kernel().swapfile.cached(entry());
  }

  /** The page in the swap cache, with a reference. */
  private long isolateCached() {
    long pfn = cached();
    assertNotEquals(0, pfn);
    machine.kernel().frames.get(pfn);
    return pfn;
  }

  @Test
  void unmappedPageMovesWithoutAWalk() {
    process.madvise(at(0), PAGE_SIZE, MADV_WILLNEED);
    long pfn = isolateCached();
    assertEquals(Result.MIGRATED, machine.migratePage(pfn));
    assertTrue(SwapPte.isSwapEntry(pte()), "the entry names the slot, not the frame");
    assertNotEquals(pfn, cached());
    machine.check();
    assertEquals(42, load(0));
  }

  @Test
  void mappedPageKeepsItsSlot() {
    assertEquals(42, load(0));
    long entry = entry();
    long pfn = cached();
    assertEquals(Result.MIGRATED, process.movePage(at(0)));
    machine.check();
    assertEquals(entry, entry());
    assertNotEquals(pfn, cached());
    assertEquals(42, load(0));
    store(0, 43);
    process.madvise(at(0), PAGE_SIZE, MADV_PAGEOUT);
    assertEquals(43, load(0));
  }

  @Test
  void referenceOfSomebodyElseKeepsItInPlace() {
    assertEquals(42, load(0));
    long pfn = isolateCached();
    assertEquals(Result.EAGAIN, process.movePage(at(0)));
    assertEquals(pfn, cached());
    machine.putPage(pfn);
    machine.check();
    assertEquals(42, load(0));
  }

  @Test
  void pageWhoseAnonVmaIsGoneIsNotWalked() {
    assertEquals(42, load(0));
    long pfn = isolateCached();
    process.munmap(at(0), PAGE_SIZE);
    map(5, 1, RW);
    store(5, 1); // takes the slot of the anon_vma over
    assertEquals(pfn, cached(), "in the swap cache as long as somebody has a reference");
    assertEquals(Result.MIGRATED, machine.migratePage(pfn));
    assertEquals(0, area.inUsePages());
    assertEquals(1, load(5));
  }

  @Test
  void forkedEntriesFindThePageWhereItIs() {
    Process child = process.fork();
    assertEquals(42, load(0));
    assertEquals(Result.MIGRATED, process.movePage(at(0)));
    machine.check();
    var other = child.runOn(machine.cpu(1));
    assertEquals(42, other.loadLong(at(0)));
    assertEquals(Result.MIGRATED, child.movePage(at(0))); // maps of both
    machine.check();
    other.storeLong(at(0), 7);
    assertEquals(42, load(0));
    child.leave(other);
    child.exit();
  }
}
