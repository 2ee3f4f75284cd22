package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_DROPPABLE;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MCL_CURRENT;
import static org.jmmu.mm.Mman.MCL_FUTURE;
import static org.jmmu.mm.Mman.MCL_ONFAULT;
import static org.jmmu.mm.Mman.MLOCK_ONFAULT;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_LOCKED_MASK;
import static org.jmmu.types.VmFlags.VM_LOCKONFAULT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.jmmu.migrate.MigratePages;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;

/** Locked memory; errors as Linux 6.18 gives them. */
class MlockTest extends WithProcess {
  private static final long ON_FAULT = VM_LOCKED | VM_LOCKONFAULT;

  private void lock(long page, long nrPages) {
    process.mlock(at(page), nrPages * PAGE_SIZE);
  }

  private void unlock(long page, long nrPages) {
    process.munlock(at(page), nrPages * PAGE_SIZE);
  }

  private void assertLocked(long flags, long page) {
    Vma vma = process.mm().vmas.find(at(page));
    assertNotNull(vma);
    assertEquals(flags, vma.vmFlagsGetOpaque() & VM_LOCKED_MASK);
  }

  private boolean isThere(long page) {
    try {
      return process.movePage(at(page)) == MigratePages.Result.MIGRATED;
    } catch (ErrnoException e) {
      return false;
    }
  }

  @Test
  void lockedMemoryThatBecomesWritableIsThereAtOnce() {
    map(10, 3, PROT_NONE);
    assertErrno(Errno.ENOMEM, () -> lock(10, 2));
    process.mprotect(at(10), 3 * PAGE_SIZE, RW);
    assertEquals(true, isThere(10) && isThere(11) && !isThere(12));
  }

  @Test
  void locksEveryPageThatTheBytesTouch() {
    map(10, 4, RW);
    process.mlock(at(10) + 100, PAGE_SIZE);
    assertEquals("10-12 rw, 12-14 rw", maps());
    assertLocked(VM_LOCKED, 10);
    assertEquals(true, isThere(10) && isThere(11) && !isThere(12));
    assertEquals(2, process.mm().lockedVm);
    lock(11, 2);
    assertEquals(3, process.mm().lockedVm);
    unlock(10, 4);
    assertEquals("10-14 rw", maps());
    assertLocked(0, 10);
    assertEquals(0, process.mm().lockedVm);
  }

  @Test
  void aHoleIsEnomemAfterWhatLiesBefore() {
    map(10, 4, RW);
    map(16, 2, RW);
    assertErrno(Errno.ENOMEM, () -> lock(10, 8));
    assertLocked(VM_LOCKED, 10);
    assertLocked(0, 16);
    assertErrno(Errno.ENOMEM, () -> unlock(10, 8));
    assertLocked(0, 10);
    assertErrno(Errno.ENOMEM, () -> lock(30, 1));
    assertErrno(Errno.ENOMEM, () -> unlock(30, 1));
    lock(30, 0);
  }

  @Test
  void memoryWithoutAccessIsEnomemButLocked() {
    map(10, 2, PROT_NONE);
    assertErrno(Errno.ENOMEM, () -> lock(10, 1));
    assertLocked(VM_LOCKED, 10);
    assertLocked(0, 11);
  }

  @Test
  void rangesThatMakeNoSense() {
    map(10, 2, RW);
    process.mlock(at(10), -1); // rounds up to nothing
    assertErrno(Errno.ENOMEM, () -> process.mlock(at(10), -5000 - BASE)); // beyond the limit
    assertErrno(Errno.ENOMEM, () -> process.mlock(at(10), 1L << 50));
    assertErrno(Errno.EINVAL, () -> process.munlock(at(10), -9000));
    assertErrno(Errno.ENOMEM, () -> process.munlock(at(10), 1L << 63));
    assertErrno(Errno.EINVAL, () -> process.mlock2(at(10), PAGE_SIZE, 2));
  }

  @Test
  void onFaultLocksWhatIsTouched() {
    map(10, 2, RW);
    process.mlock2(at(10), PAGE_SIZE, MLOCK_ONFAULT);
    assertLocked(ON_FAULT, 10);
    assertEquals(false, isThere(10));
    lock(10, 1);
    assertLocked(VM_LOCKED, 10);
    assertEquals(true, isThere(10));
    assertEquals(1, process.mm().lockedVm);
  }

  @Test
  void theLimitCountsPagesOnce() {
    map(10, 20, RW);
    process.mm().rlimits.memlock = 8 * PAGE_SIZE;
    lock(10, 4);
    assertErrno(Errno.ENOMEM, () -> lock(14, 5));
    lock(14, 4);
    lock(10, 8);
    assertErrno(Errno.ENOMEM, () -> lock(10, 9));
    assertErrno(
        Errno.EAGAIN,
        () -> process.mremap(at(10), 8 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE, 0));
    process.mm().rlimits.capIpcLock = true;
    lock(10, 9);
    unlock(10, 20);
    process.mm().rlimits.capIpcLock = false;
    process.mm().rlimits.memlock = 0;
    assertErrno(Errno.EPERM, () -> lock(10, 1));
    assertErrno(Errno.EINVAL, () -> process.mlock2(at(10), PAGE_SIZE, 2));
    assertErrno(Errno.EPERM, () -> process.mlockall(MCL_CURRENT));
    assertErrno(Errno.EINVAL, () -> process.mlockall(0));
    unlock(10, 1);
    process.munlockall();
  }

  @Test
  void all() {
    map(10, 2, RW);
    map(20, 2, PROT_NONE);
    for (int flags : new int[] {0, 8, MCL_ONFAULT}) {
      assertErrno(Errno.EINVAL, () -> process.mlockall(flags));
    }
    process.mlockall(MCL_FUTURE | MCL_ONFAULT);
    assertEquals(ON_FAULT, process.mm().defFlags);
    assertLocked(0, 10);
    process.mlockall(MCL_CURRENT);
    assertEquals(0, process.mm().defFlags);
    assertLocked(VM_LOCKED, 10);
    assertLocked(VM_LOCKED, 20);
    assertEquals(true, isThere(10) && isThere(11));
    assertEquals(4, process.mm().lockedVm);
    process.mlockall(MCL_CURRENT | MCL_ONFAULT);
    assertLocked(ON_FAULT, 10);
    process.munlockall();
    assertLocked(0, 10);
    assertLocked(0, 20);
    assertEquals(0, process.mm().lockedVm);
    process.mm().rlimits.memlock = 3 * PAGE_SIZE;
    assertErrno(Errno.ENOMEM, () -> process.mlockall(MCL_CURRENT));
    process.mlockall(MCL_FUTURE);
  }

  @Test
  void droppableMemoryIsNeverLockedButPopulatedLikeWhatIs() {
    process.mlockall(MCL_FUTURE | MCL_ONFAULT);
    int flags = MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED;
    assertEquals(at(10), process.mmap(at(10), PAGE_SIZE, RW, flags));
    assertEquals(at(11), process.mmap(at(11), PAGE_SIZE, RW, flags));
    assertLocked(0, 10);
    assertEquals(0, process.mm().lockedVm);
    assertEquals(true, isThere(10) && isThere(11));
    assertEquals("10-11 rw, 11-12 rw", maps());
  }

  @Test
  void lockedMemoryThatGrowsIsFaultedInAndStaysLockedWhereItGoes() {
    map(10, 2, RW);
    map(13, 1, PROT_NONE);
    lock(10, 2);
    assertEquals(at(10), process.mremap(at(10), 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, 0));
    assertEquals(true, isThere(12));
    int move = MREMAP_MAYMOVE | MREMAP_FIXED;
    assertEquals(at(30), process.mremap(at(10), 3 * PAGE_SIZE, 4 * PAGE_SIZE, move, at(30)));
    assertEquals(true, isThere(33));
    assertLocked(VM_LOCKED, 30);
  }

  @Test
  void lockedMemoryThatBecomesWritableIsFaultedIn() {
    map(10, 2, PROT_NONE);
    assertErrno(Errno.ENOMEM, () -> lock(10, 2));
    process.mprotect(at(10), 2 * PAGE_SIZE, PROT_READ);
    assertEquals(false, isThere(10));
    process.mprotect(at(10), PAGE_SIZE, RW);
    assertEquals(true, isThere(10) && !isThere(11));
  }

  @Test
  void withoutFramesItIsEagain() {
    process.mm().rlimits.capIpcLock = true;
    map(10, 200, RW);
    assertErrno(Errno.EAGAIN, () -> lock(10, 200));
  }
}
