package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.proc.Pagemap.PM_PFRAME_MASK;
import static org.jmmu.proc.Pagemap.PM_PRESENT;
import static org.jmmu.proc.Pagemap.PM_SWAP;
import static org.jmmu.proc.Pagemap.PM_UFFD_WP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.sched.PausePoint;
import org.jmmu.types.Errno;
import org.jmmu.types.SigbusException;
import org.jmmu.uffd.UffdApi;
import org.jmmu.uffd.UffdMsg;
import org.jmmu.uffd.UffdPoll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Faults that a program handles itself. F faults, on {@link #other}; C handles. Pages 0-3 are
 * registered, 10-13 are not.
 */
class UserfaultfdTest extends SteppedProcess {
  private static final long BOTH =
      UffdApi.UFFDIO_REGISTER_MODE_MISSING | UffdApi.UFFDIO_REGISTER_MODE_WP;
  private static final long HOLES = UffdApi.UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;

  private UserfaultFd uffd;

  @BeforeEach
  void register() {
    map(0, 4, RW);
    map(10, 4, RW);
    uffd = process.userfaultfd(UffdApi.O_NONBLOCK);
    uffd.api(0);
    register(0, 4, BOTH);
  }

  private void register(long page, long nrPages, long mode) {
    uffd.register(at(page), nrPages * PAGE_SIZE, mode);
  }

  private long copy(long dst, long src, long nrPages, long mode) {
    return uffd.copy(at(dst), at(src), nrPages * PAGE_SIZE, mode) / PAGE_SIZE;
  }

  private long move(long dst, long src, long nrPages, long mode) {
    return uffd.move(at(dst), at(src), nrPages * PAGE_SIZE, mode) / PAGE_SIZE;
  }

  private long pagemap(long page) {
    return process.pagemap(at(page), 1)[0];
  }

  private void writeProtect(long page, long nrPages) {
    uffd.writeprotect(at(page), nrPages * PAGE_SIZE, UffdApi.UFFDIO_WRITEPROTECT_MODE_WP);
  }

  @Test
  void theHandshakeComesFirstAndOnce() {
    UserfaultFd fresh = process.userfaultfd(0);
    assertErrno(Errno.EINVAL, () -> fresh.register(at(10), PAGE_SIZE, BOTH));
    assertErrno(Errno.EINVAL, fresh::read);
    assertErrno(Errno.EINVAL, () -> fresh.api(0xab, 0));
    assertErrno(Errno.EINVAL, () -> fresh.api(1L << 40));
    assertEquals(UffdApi.UFFD_API_FEATURES, fresh.api(0));
    assertErrno(Errno.EINVAL, () -> fresh.api(0));
    assertErrno(Errno.EINVAL, () -> process.userfaultfd(2));
    fresh.close();
  }

  @Test
  void registrationsAreChecked() {
    assertErrno(Errno.EINVAL, () -> register(10, 1, 0));
    assertErrno(Errno.EINVAL, () -> register(10, 1, UffdApi.UFFDIO_REGISTER_MODE_MINOR));
    assertErrno(Errno.EINVAL, () -> register(10, 0, BOTH));
    assertErrno(Errno.EINVAL, () -> register(20, 1, BOTH));
    assertErrno(Errno.EINVAL, () -> uffd.register(at(10) + 1, PAGE_SIZE, BOTH));
    UserfaultFd second = process.userfaultfd(0);
    second.api(0);
    assertErrno(Errno.EBUSY, () -> second.register(at(1), PAGE_SIZE, BOTH));
    assertErrno(Errno.EINVAL, () -> second.unregister(at(1), PAGE_SIZE));
    second.close();
  }

  @Test
  void aRegisteredRangeIsAVmaOfItsOwnUntilItIsUnregistered() {
    register(11, 1, BOTH);
    assertEquals("0-4 rw, 10-11 rw, 11-12 rw, 12-14 rw", maps());
    uffd.unregister(at(11), PAGE_SIZE);
    assertEquals("0-4 rw, 10-14 rw", maps());
  }

  @Test
  void aFaultWaitsForACopy() {
    store(10, 42);
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> assertEquals(42, other.loadLong(at(1))),
        () -> {
          assertEquals(UffdPoll.POLLIN, uffd.poll());
          UffdMsg message = uffd.read();
          assertEquals(new UffdMsg(UffdApi.UFFD_EVENT_PAGEFAULT, 0, at(1), 0), message);
          assertErrno(Errno.EAGAIN, uffd::read);
          assertEquals(0, uffd.poll());
          assertEquals(1, copy(1, 10, 1, 0));
        });
    assertErrno(Errno.EAGAIN, uffd::read);
  }

  /** Nobody has read the message, and nobody will: the page is there. */
  @Test
  void aCopyBetweenTheFaultsLooksIsSeen() {
    store(10, 42);
    step(
        "F:handleUserfault.queued C:end F:end",
        () -> assertEquals(42, other.loadLong(at(1))),
        () -> copy(1, 10, 1, UffdApi.UFFDIO_COPY_MODE_DONTWAKE));
    assertErrno(Errno.EAGAIN, uffd::read);
  }

  @Test
  void whoeverIsWokenInVainWaitsAgain() {
    store(10, 42);
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> storeOther(1, 43),
        () -> {
          assertEquals(UffdApi.UFFD_PAGEFAULT_FLAG_WRITE, uffd.read().flags());
          uffd.wake(at(1), PAGE_SIZE);
          while (uffd.poll() == 0) { // F's turn
            PausePoint.blocked("a second fault");
          }
          PausePoint.unblocked();
          assertEquals(at(1), uffd.read().address());
          copy(1, 10, 1, 0);
        });
    assertEquals(43, load(1));
  }

  @Test
  void closingLetsEverybodyGo() {
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> assertEquals(0, other.loadLong(at(1))),
        uffd::close);
    assertEquals("0-4 rw, 10-14 rw", maps());
    map(4, 6, RW);
    assertEquals("0-14 rw", maps());
  }

  @Test
  void unregisteringLetsThemGo() {
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> assertEquals(0, other.loadLong(at(1))),
        () -> uffd.unregister(at(0), 4 * PAGE_SIZE));
  }

  @Test
  void aFaultCanBeASignal() {
    UserfaultFd signals = process.userfaultfd(0);
    signals.api(UffdApi.UFFD_FEATURE_SIGBUS);
    signals.register(at(10), PAGE_SIZE, UffdApi.UFFDIO_REGISTER_MODE_MISSING);
    assertThrows(SigbusException.class, () -> load(10));
    assertThrows(SigbusException.class, () -> store(10, 1));
    signals.zeropage(at(10), PAGE_SIZE, 0);
    assertEquals(0, load(10));
    store(10, 1);
    signals.close();
  }

  @Test
  void whatIsThereIsNotFilledAgain() {
    store(10, 42);
    assertEquals(1, copy(1, 10, 1, 0));
    assertErrno(Errno.EEXIST, () -> copy(1, 10, 1, 0));
    assertEquals(1, copy(0, 10, 2, 0)); // the first of two
    assertErrno(Errno.EEXIST, () -> uffd.zeropage(at(0), PAGE_SIZE, 0));
    assertErrno(Errno.ENOENT, () -> copy(3, 10, 2, 0)); // beyond the VMA
    assertErrno(Errno.ENOENT, () -> copy(11, 10, 1, 0));
    assertErrno(Errno.EFAULT, () -> copy(2, 20, 1, 0));
    assertErrno(Errno.EINVAL, () -> copy(2, 10, 1, 4));
  }

  @Test
  void aCopyReadsFromAnyByte() {
    cpu.storeLong(at(11) - 8, 1);
    cpu.storeLong(at(11), 2);
    assertEquals(PAGE_SIZE, uffd.copy(at(1), at(11) - 8, PAGE_SIZE, 0));
    assertEquals(1, load(1));
    assertEquals(2, cpu.loadLong(at(1) + 8));
  }

  @Test
  void aWriteToAProtectedPageWaits() {
    copy(1, 10, 1, UffdApi.UFFDIO_COPY_MODE_WP);
    assertEquals(0, load(1));
    assertEquals(PM_UFFD_WP, pagemap(1) & PM_UFFD_WP);
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> storeOther(1, 42),
        () -> {
          long both = UffdApi.UFFD_PAGEFAULT_FLAG_WRITE | UffdApi.UFFD_PAGEFAULT_FLAG_WP;
          assertEquals(both, uffd.read().flags());
          uffd.writeprotect(at(1), PAGE_SIZE, 0);
        });
    assertEquals(42, load(1));
    assertEquals(0, pagemap(1) & PM_UFFD_WP);
  }

  @Test
  void protectionStaysWithAPageThatIsMigratedOrSwapped() {
    machine.swaponMemory(8);
    copy(0, 10, 2, 0);
    writeProtect(0, 2);
    process.movePage(at(0));
    process.madvise(at(1), PAGE_SIZE, MADV_PAGEOUT);
    assertEquals(PM_PRESENT | PM_UFFD_WP, pagemap(0) & (PM_PRESENT | PM_UFFD_WP));
    assertEquals(PM_SWAP | PM_UFFD_WP, pagemap(1) & (PM_SWAP | PM_UFFD_WP));
    load(1);
    assertEquals(PM_PRESENT | PM_UFFD_WP, pagemap(1) & (PM_PRESENT | PM_UFFD_WP));
    step(
        "F:handleUserfault.unlocked C:end F:end",
        () -> storeOther(1, 42),
        () -> uffd.writeprotect(at(0), 4 * PAGE_SIZE, 0));
    store(0, 43);
  }

  @Test
  void aChildAndAMovedMappingAreOutOfItsSight() {
    copy(0, 10, 1, UffdApi.UFFDIO_COPY_MODE_WP);
    Process child = process.fork();
    child.runOn(other);
    storeOther(0, 1);
    storeOther(1, 1);
    assertEquals(PM_UFFD_WP, pagemap(0) & PM_UFFD_WP);
    child.leave(other);
    child.exit();
    process.mremap(at(0), 4 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, at(30));
    assertEquals(0, pagemap(30) & PM_UFFD_WP);
    store(30, 1);
    store(31, 1);
  }

  @Test
  void writeProtectionIsForRegisteredRanges() {
    assertErrno(Errno.ENOENT, () -> writeProtect(10, 1));
    assertErrno(Errno.ENOENT, () -> writeProtect(20, 1));
    assertErrno(Errno.EINVAL, () -> uffd.writeprotect(at(0), PAGE_SIZE, 3));
    register(10, 1, UffdApi.UFFDIO_REGISTER_MODE_MISSING);
    assertErrno(Errno.EINVAL, () -> copy(10, 11, 1, UffdApi.UFFDIO_COPY_MODE_WP));
  }

  @Test
  void aMoveTakesTheFrameAlong() {
    store(10, 42);
    long frame = pagemap(10) & PM_PFRAME_MASK;
    assertEquals(1, move(1, 10, 1, 0));
    assertEquals(frame, pagemap(1) & PM_PFRAME_MASK);
    assertEquals(0, pagemap(10) & PM_PRESENT);
    assertEquals(42, load(1));
    assertEquals(0, load(10));
    assertMovable(1);
  }

  @Test
  void movesAreChecked() {
    store(10, 42);
    copy(0, 10, 1, 0);
    assertErrno(Errno.EEXIST, () -> move(0, 10, 1, 0));
    assertErrno(Errno.ENOENT, () -> move(1, 11, 1, 0));
    assertErrno(Errno.ENOENT, () -> move(1, 20, 1, 0));
    assertErrno(Errno.ENOENT, () -> move(20, 10, 1, 0));
    assertErrno(Errno.EINVAL, () -> move(1, 13, 2, 0)); // beyond the VMA
    assertErrno(Errno.EINVAL, () -> move(3, 10, 2, 0));
    assertErrno(Errno.EINVAL, () -> move(11, 10, 1, 0)); // not registered
    assertErrno(Errno.EINVAL, () -> move(1, 10, 1, 4));
    process.mprotect(at(12), PAGE_SIZE, PROT_READ);
    assertErrno(Errno.EINVAL, () -> move(1, 12, 1, 0));
    process.mlock(at(13), PAGE_SIZE);
    assertErrno(Errno.EINVAL, () -> move(1, 13, 1, 0));
    long _ = process.mmap(at(20), PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
    assertErrno(Errno.EINVAL, () -> move(1, 20, 1, 0));
    assertEquals(1, move(1, 10, 2, 0)); // then a hole
    assertEquals(2, move(2, 1, 2, HOLES)); // then the page that has just come to be the next
    assertEquals(42, load(3));
  }

  @Test
  void holesAreSkippedIfAllowed() {
    store(11, 42);
    assertEquals(4, move(0, 10, 4, HOLES));
    assertEquals(42, load(1));
    assertEquals(0, pagemap(0) & PM_PRESENT);
  }

  @Test
  void aPageThatOthersHaveStays() {
    store(10, 42);
    Process child = process.fork();
    assertErrno(Errno.EBUSY, () -> move(1, 10, 1, 0));
    child.exit();
    store(10, 43); // the process's alone again
    assertEquals(1, move(1, 10, 1, 0));
  }

  @Test
  void aPinnedPageStays() {
    store(10, 42);
    long pfn = process.isolatePage(at(10));
    for (int i = 1; i < 1024; i++) {
      machine.kernel().frames.get(pfn);
    }
    assertErrno(Errno.EBUSY, () -> move(1, 10, 1, 0));
    for (int i = 0; i < 1024; i++) {
      machine.kernel().frames.put(pfn);
    }
    assertEquals(1, move(1, 10, 1, 0));
  }

  @Test
  void theZeroPageMoves() {
    assertEquals(0, load(10));
    assertEquals(1, move(1, 10, 1, 0));
    assertEquals(PM_PRESENT, pagemap(1) & PM_PRESENT);
    assertEquals(0, pagemap(10) & PM_PRESENT);
    store(1, 42);
    assertEquals(0, load(10));
  }

  @Test
  void aPageOnDiskMoves() {
    machine.swaponMemory(8);
    store(10, 42);
    process.madvise(at(10), PAGE_SIZE, MADV_PAGEOUT);
    assertEquals(PM_SWAP, pagemap(10) & PM_SWAP);
    assertEquals(1, move(1, 10, 1, 0));
    assertEquals(PM_SWAP, pagemap(1) & PM_SWAP);
    assertEquals(42, load(1));
    assertMovable(1);
  }

  @Test
  void aMoveMeetsAMigration() {
    store(10, 42);
    step(
        "F:migrate.copied C:end F:end",
        () -> process.movePage(at(10)),
        () -> assertEquals(1, move(1, 10, 1, 0)));
    assertEquals(42, load(1));
    assertMovable(1);
  }

  /** The move has seen the entry, and holds mmap_lock only for reading. */
  @Test
  void thePageGoesUnderTheMove() {
    store(10, 42);
    step(
        "C:movePages.looked F:end C:end",
        () -> process.madvise(at(10), PAGE_SIZE, MADV_DONTNEED),
        () -> assertErrno(Errno.ENOENT, () -> move(1, 10, 1, 0)));
    assertNotEquals(PM_PRESENT, pagemap(1) & PM_PRESENT);
  }
}
