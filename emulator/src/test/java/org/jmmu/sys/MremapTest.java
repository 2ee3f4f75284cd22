package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_DONTUNMAP;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.TASK_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.jmmu.types.VmSysctl;
import org.junit.jupiter.api.Test;

/** What mremap does to VMAs and pages; maps and errors as Linux 6.18 gives them. */
class MremapTest extends WithProcess {
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;
  private static final int KEEP = MOVE | MREMAP_DONTUNMAP;

  private long remap(long page, long oldPages, long newPages, int flags, long newPage) {
    return process.mremap(at(page), oldPages * PAGE_SIZE, newPages * PAGE_SIZE, flags, at(newPage));
  }

  private void assertRefused(
      Errno errno, long page, long oldPages, long newPages, int flags, long newPage) {
    assertErrno(errno, () -> remap(page, oldPages, newPages, flags, newPage));
  }

  @Test
  void badArgumentsAreEinval() {
    map(10, 4, RW);
    assertErrno(Errno.EINVAL, () -> process.mremap(at(10) + 1, PAGE_SIZE, PAGE_SIZE, 0, 0));
    assertErrno(Errno.EINVAL, () -> process.mremap(at(10), PAGE_SIZE, PAGE_SIZE, MOVE, at(30) + 1));
    assertErrno(Errno.EINVAL, () -> process.mremap(at(10), PAGE_SIZE, PAGE_SIZE, MOVE, TASK_SIZE));
    assertErrno(
        Errno.EINVAL,
        () -> process.mremap(at(10), PAGE_SIZE, TASK_SIZE + PAGE_SIZE, MREMAP_MAYMOVE, 0));
    assertRefused(Errno.EINVAL, 10, 1, 0, 0, 0);
    assertRefused(Errno.EINVAL, 10, 1, 1, 8, 0);
    assertRefused(Errno.EINVAL, 10, 1, 1, MREMAP_FIXED, 20);
    assertRefused(Errno.EINVAL, 10, 1, 1, MREMAP_DONTUNMAP, 20);
    assertRefused(Errno.EINVAL, 10, 1, 1, MOVE, 10);
    assertRefused(Errno.EINVAL, 10, 2, 1, MOVE, 11);
    assertRefused(Errno.EINVAL, 10, 1, 2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 20);
    assertRefused(Errno.EINVAL, 10, 0, 1, MREMAP_MAYMOVE, 0); // a duplicate of private memory
    assertEquals("10-14 rw", maps());
  }

  @Test
  void whatIsCutOffEndsInsideTheUserAddressSpace() {
    map(10, 4, RW);
    assertErrno(Errno.EINVAL, () -> process.mremap(at(12), TASK_SIZE, PAGE_SIZE, 0, 0));
    assertErrno(Errno.EINVAL, () -> process.mremap(at(12), Long.MIN_VALUE, PAGE_SIZE, 0, 0));
    assertEquals("10-14 rw", maps());
    assertErrno(Errno.EFAULT, () -> process.mremap(at(12), -PAGE_SIZE, PAGE_SIZE, MOVE, at(12)));
    assertEquals("10-12 rw, 13-14 rw", maps()); // the new range was unmapped before
  }

  @Test
  void rangesThatAreNotOneVmaAreEfault() {
    map(10, 2, RW);
    map(12, 2, PROT_READ);
    assertRefused(Errno.EFAULT, 9, 2, 2, 0, 0);
    assertRefused(Errno.EFAULT, 9, 2, 1, 0, 0);
    assertRefused(Errno.EFAULT, 30, 1, 1, 0, 0);
    assertRefused(Errno.EFAULT, 10, 4, 6, MREMAP_MAYMOVE, 0);
    assertRefused(Errno.EFAULT, 10, 4, 5, MOVE, 30);
    assertRefused(Errno.EFAULT, 9, 3, 3, MOVE, 30);
    assertEquals("10-12 rw, 12-14 r-", maps());
  }

  @Test
  void shrinkingUnmapsTheEndOverAnyVma() {
    map(10, 4, RW);
    map(14, 2, PROT_READ);
    store(11, 5);
    store(13, 6);
    assertEquals(at(10), remap(10, 6, 2, 0, 0));
    assertEquals("10-12 rw", maps());
    assertEquals(5, load(11));
    assertThrows(SegvException.class, () -> load(13));
  }

  @Test
  void growsInPlaceAndMergesWithWhatItReaches() {
    map(10, 2, RW);
    map(14, 2, RW);
    store(11, 5);
    assertEquals(at(10), remap(10, 2, 4, 0, 0));
    assertEquals("10-16 rw", maps());
    assertEquals(5, load(11));
    assertEquals(0, load(13));
  }

  @Test
  void withoutRoomItGrowsSomewhereElseOrNotAtAll() {
    map(10, 2, RW);
    map(13, 1, PROT_NONE);
    store(10, 5);
    store(11, 6);
    assertRefused(Errno.ENOMEM, 10, 2, 4, 0, 0);
    assertRefused(Errno.ENOMEM, 10, 1, 2, 0, 0); // its end is not the VMA's
    long moved = remap(10, 2, 4, MREMAP_MAYMOVE, 0);
    assertNotEquals(at(10), moved);
    assertEquals("13-14 --", maps());
    assertEquals(5, cpu.loadLong(moved));
    assertEquals(6, cpu.loadLong(moved + PAGE_SIZE));
    assertEquals(0, cpu.loadLong(moved + 3 * PAGE_SIZE));
    assertThrows(SegvException.class, () -> load(10));
  }

  @Test
  void growsBeyondTheLimitOfTheAddressSpaceNever() {
    map(10, 4, RW);
    process.mm().rlimits.as = 6 * PAGE_SIZE;
    assertRefused(Errno.ENOMEM, 10, 4, 7, MREMAP_MAYMOVE, 0);
    assertEquals("10-14 rw", maps());
    assertEquals(at(10), remap(10, 4, 6, 0, 0));
  }

  @Test
  void theCommitLimitCountsWhatIsMappedAfterwards() {
    map(10, 4, RW);
    map(20, 4, RW);
    assertEquals(8, committed());
    assertEquals(at(20), remap(20, 4, 6, 0, 0));
    assertEquals(10, committed());
    assertEquals(at(30), remap(11, 2, 5, MOVE, 30)); // leaves two pieces behind
    assertEquals(13, committed());
    assertEquals(at(40), remap(31, 2, 2, KEEP, 40));
    assertEquals(15, committed());
    assertEquals(at(22), remap(22, 4, 1, 0, 0));
    assertEquals(12, committed());
    process.mm().sysctl.overcommitMemory = VmSysctl.OVERCOMMIT_NEVER;
    assertRefused(Errno.ENOMEM, 40, 2, 70, MREMAP_MAYMOVE, 0);
    assertRefused(Errno.ENOMEM, 40, 2, 70, 0, 0);
    assertEquals(12, committed());
    assertEquals(12, process.mm().totalVm);
    assertEquals(12, process.mm().dataVm);
    process.munmap(at(0), 100 * PAGE_SIZE);
    assertEquals(0, committed());
    assertEquals(0, process.mm().totalVm);
  }

  private long committed() {
    return machine.kernel().accounting.committedAs();
  }

  @Test
  void duplicatesASharedMapping() {
    assertEquals(
        at(10), process.mmap(at(10), 3 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED));
    assertEquals(at(20), remap(10, 0, 2, MOVE, 20));
    assertEquals(at(30), remap(11, 0, 4, MOVE, 30)); // beyond its end, even
    assertEquals("10-13 rw, 20-22 rw, 30-34 rw", maps());
    assertRefused(Errno.ENOMEM, 10, 0, 1, 0, 0);
    assertNotEquals(at(12), remap(12, 0, 1, MREMAP_MAYMOVE, 0));
  }

  @Test
  void movesPagesToAFixedAddress() {
    map(10, 4, RW);
    map(20, 8, PROT_READ);
    store(11, 5);
    store(12, 6);
    assertEquals(at(22), remap(11, 2, 3, MOVE, 22));
    assertEquals("10-11 rw, 13-14 rw, 20-22 r-, 22-25 rw, 25-28 r-", maps());
    assertEquals(5, load(22));
    assertEquals(6, load(23));
    assertEquals(0, load(24));
    assertThrows(SegvException.class, () -> load(11));
    store(22, 7);
    assertEquals(7, load(22));
  }

  @Test
  void shrinksAndMovesAtOnce() {
    map(10, 4, RW);
    store(10, 5);
    store(13, 6);
    assertEquals(at(30), remap(10, 4, 2, MOVE, 30));
    assertEquals("30-32 rw", maps());
    assertEquals(5, load(30));
  }

  @Test
  void movesManyVmasAndKeepsTheHolesBetweenThem() {
    map(10, 2, RW);
    map(14, 2, PROT_READ);
    map(16, 1, RW);
    store(11, 5);
    store(16, 6);
    assertEquals(at(50), remap(10, 7, 7, MOVE, 50));
    assertEquals("50-52 rw, 54-56 r-, 56-57 rw", maps());
    assertEquals(5, load(51));
    assertEquals(6, load(56));
    assertEquals(at(20), remap(51, 20, 20, MOVE, 20)); // a hole at the end is allowed
    assertEquals("20-21 rw, 23-25 r-, 25-26 rw, 50-51 rw", maps());
    assertEquals(5, load(20));
    assertEquals(6, load(25));
    assertRefused(Errno.EFAULT, 19, 3, 3, MOVE, 60); // one at the start is not
  }

  @Test
  void unfaultedMemoryMergesAtItsNewPlaceFaultedMemoryDoesNot() {
    map(10, 2, RW);
    map(20, 2, RW);
    map(30, 2, RW);
    store(30, 1);
    assertEquals(at(22), remap(10, 2, 2, MOVE, 22));
    assertEquals("20-24 rw, 30-32 rw", maps());
    assertEquals(at(24), remap(30, 2, 2, MOVE, 24));
    assertEquals("20-24 rw, 24-26 rw", maps());
    assertEquals(1, load(24));
  }

  @Test
  void aHalfMovesBehindTheOtherAndBack() {
    map(10, 4, RW);
    assertEquals(at(14), remap(10, 2, 2, MOVE, 14)); // never faulted: still one VMA
    assertEquals("12-16 rw", maps());
    store(12, 1);
    store(15, 2);
    assertEquals(at(16), remap(12, 2, 2, MOVE, 16));
    assertEquals("14-16 rw, 16-18 rw", maps());
    assertEquals(1, load(16));
    assertEquals(at(12), remap(16, 2, 2, MOVE, 12));
    assertEquals("12-16 rw", maps());
    assertEquals(1, load(12));
    assertEquals(2, load(15));
  }

  @Test
  void dontunmapLeavesEmptyMemoryBehind() {
    map(10, 4, RW);
    store(11, 5);
    store(13, 6);
    assertEquals(at(30), remap(11, 2, 2, KEEP, 30));
    assertEquals("10-14 rw, 30-32 rw", maps());
    assertEquals(0, load(11));
    assertEquals(5, load(30));
    assertEquals(6, load(13));
    store(11, 7);
    assertEquals(5, load(30));
    long hinted = remap(10, 4, 4, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 60);
    assertEquals(at(60), hinted);
    assertEquals(7, load(61));
    assertEquals(0, load(11));
  }

  @Test
  void aNumberOfVmasNearTheLimitIsEnomem() {
    for (long page = 0; page < 6; page++) {
      map(2 * page, 1, RW);
    }
    process.mm().sysctl.maxMapCount = 11; // 6 + 2 < 11 - 3 is false
    assertRefused(Errno.ENOMEM, 0, 1, 1, MOVE, 30);
    process.mm().sysctl.maxMapCount = 12;
    assertEquals(at(30), remap(0, 1, 1, MOVE, 30));
    map(3, 1, PROT_NONE);
    process.mm().sysctl.maxMapCount = 10; // without MREMAP_FIXED: 7 < 10 - 3 is false
    assertRefused(Errno.ENOMEM, 2, 1, 2, MREMAP_MAYMOVE, 0);
    process.mm().sysctl.maxMapCount = 11;
    assertNotEquals(at(2), remap(2, 1, 2, MREMAP_MAYMOVE, 0));
  }

  @Test
  void forkedMemoryMovesForOneSideOnly() {
    map(10, 2, RW);
    store(10, 5);
    Process child = process.fork();
    assertEquals(at(30), remap(10, 2, 2, MOVE, 30));
    store(30, 6);
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(5, childCpu.loadLong(at(10)));
    assertThrows(SegvException.class, () -> childCpu.loadLong(at(30)));
    assertEquals(6, load(30));
    child.exit();
  }

  @Test
  void migrationFindsAMovedPage() {
    map(10, 2, RW);
    store(10, 5);
    Process child = process.fork();
    long _ = remap(10, 2, 2, MOVE, 30);
    assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(30)));
    machine.check();
    assertEquals(5, load(30));
    assertEquals(5, child.runOn(machine.cpu(1)).loadLong(at(10)));
    child.exit();
  }

  @Test
  void wholeTablesMoveWhereBothEndsAreAligned() {
    long pages = 3 * 512;
    map(512, pages, RW);
    for (long page = 512; page < 512 + pages; page += 100) {
      store(page, page);
    }
    assertEquals(at(8192), remap(512, pages, pages, MOVE, 8192));
    machine.check();
    for (long page = 0; page < pages; page += 100) {
      assertEquals(512 + page, load(8192 + page));
    }
    assertThrows(SegvException.class, () -> load(512));
    assertEquals(at(5000), remap(8192, pages, pages, MOVE, 5000)); // not aligned: entry by entry
    for (long page = 0; page < pages; page += 100) {
      assertEquals(512 + page, load(5000 + page));
    }
  }

  @Test
  void withoutAFrameForATableEverythingStaysWhereItWas() {
    long nrPages = 600; // needs a table of each level and two of the lowest
    map(10, nrPages, RW);
    for (long page = 10; page < 10 + nrPages; page += 50) {
      store(page, page);
    }
    long far = 1L << 30;
    String before = maps();
    boolean moved = false;
    for (int left = 0; !moved; left++) {
      long[] taken = takeFramesBut(left);
      try {
        long _ = remap(10, nrPages, nrPages + 1, MOVE, far);
        moved = true;
        assertEquals(4, left);
      } catch (ErrnoException e) {
        assertEquals(Errno.ENOMEM, e.errno());
        assertEquals(before, maps());
        assertEquals(nrPages, committed());
        assertEquals(nrPages, process.mm().totalVm);
      } finally {
        giveBack(taken);
      }
      machine.check();
      long start = moved ? far : 10;
      for (long page = 0; page < nrPages; page += 50) {
        assertEquals(10 + page, load(start + page));
      }
    }
  }
}
