package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_COLD;
import static org.jmmu.mm.Mman.MADV_COLLAPSE;
import static org.jmmu.mm.Mman.MADV_DODUMP;
import static org.jmmu.mm.Mman.MADV_DOFORK;
import static org.jmmu.mm.Mman.MADV_DONTDUMP;
import static org.jmmu.mm.Mman.MADV_DONTFORK;
import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MADV_DONTNEED_LOCKED;
import static org.jmmu.mm.Mman.MADV_FREE;
import static org.jmmu.mm.Mman.MADV_HUGEPAGE;
import static org.jmmu.mm.Mman.MADV_KEEPONFORK;
import static org.jmmu.mm.Mman.MADV_MERGEABLE;
import static org.jmmu.mm.Mman.MADV_NOHUGEPAGE;
import static org.jmmu.mm.Mman.MADV_NORMAL;
import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MADV_POPULATE_READ;
import static org.jmmu.mm.Mman.MADV_POPULATE_WRITE;
import static org.jmmu.mm.Mman.MADV_RANDOM;
import static org.jmmu.mm.Mman.MADV_REMOVE;
import static org.jmmu.mm.Mman.MADV_SEQUENTIAL;
import static org.jmmu.mm.Mman.MADV_UNMERGEABLE;
import static org.jmmu.mm.Mman.MADV_WILLNEED;
import static org.jmmu.mm.Mman.MADV_WIPEONFORK;
import static org.jmmu.mm.Mman.PROT_EXEC;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_DONTCOPY;
import static org.jmmu.types.VmFlags.VM_DONTDUMP;
import static org.jmmu.types.VmFlags.VM_HUGEPAGE;
import static org.jmmu.types.VmFlags.VM_IO;
import static org.jmmu.types.VmFlags.VM_MERGEABLE;
import static org.jmmu.types.VmFlags.VM_NOHUGEPAGE;
import static org.jmmu.types.VmFlags.VM_PFNMAP;
import static org.jmmu.types.VmFlags.VM_RAND_READ;
import static org.jmmu.types.VmFlags.VM_SEQ_READ;
import static org.jmmu.types.VmFlags.VM_WIPEONFORK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.types.Errno;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What advice does to flags and pages; errors as Linux 6.18 gives them. */
class MadviseTest extends WithProcess {
  private static final long ADVISED =
      VM_DONTCOPY
          | VM_DONTDUMP
          | VM_WIPEONFORK
          | VM_RAND_READ
          | VM_SEQ_READ
          | VM_MERGEABLE
          | VM_HUGEPAGE
          | VM_NOHUGEPAGE;

  private void advise(long page, long nrPages, int advice) {
    process.madvise(at(page), nrPages * PAGE_SIZE, advice);
  }

  private void assertRefused(Errno errno, long page, long nrPages, int advice) {
    assertErrno(errno, () -> advise(page, nrPages, advice));
  }

  private Vma vma(long page) {
    Vma vma = process.mm().vmas.find(at(page));
    assertNotNull(vma);
    return vma;
  }

  private long advised(long page) {
    return vma(page).vmFlagsGetOpaque() & ADVISED;
  }

  private void assertAdvice(int advice, long flags) {
    advise(10, 4, advice);
    assertEquals(flags, advised(10));
  }

  @Test
  void badArgumentsAreEinval() {
    map(10, 4, RW);
    assertErrno(Errno.EINVAL, () -> process.madvise(at(10) + 1, PAGE_SIZE, MADV_NORMAL));
    assertErrno(Errno.EINVAL, () -> process.madvise(at(10), -1, MADV_NORMAL)); // rounds up to 0
    assertErrno(Errno.EINVAL, () -> process.madvise(at(10), -PAGE_SIZE, MADV_NORMAL));
    process.madvise(at(30), 0, MADV_NORMAL);
    assertErrno(Errno.EINVAL, () -> process.madvise(at(30), 0, 999));
    assertErrno(Errno.ENOMEM, () -> process.madvise(at(10), 1L << 62, MADV_NORMAL));
    assertErrno(Errno.ENOMEM, () -> process.madvise(at(10), 1L << 63, MADV_NORMAL));
    assertErrno(Errno.ENOMEM, () -> process.madvise(1L << 63, PAGE_SIZE, MADV_NORMAL));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 5, 6, 7, 26, 100})
  void unknownAdviceIsEinvalEvenForAHole(int advice) {
    assertRefused(Errno.EINVAL, 10, 1, advice);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25})
  void aHoleIsEnomem(int advice) {
    assertRefused(Errno.ENOMEM, 10, 1, advice);
  }

  @Test
  void flagsComeAndGo() {
    map(10, 4, RW);
    assertAdvice(MADV_RANDOM, VM_RAND_READ);
    assertAdvice(MADV_SEQUENTIAL, VM_SEQ_READ);
    assertAdvice(MADV_NORMAL, 0);
    assertAdvice(MADV_DONTFORK, VM_DONTCOPY);
    assertAdvice(MADV_DOFORK, 0);
    assertAdvice(MADV_DONTDUMP, VM_DONTDUMP);
    assertAdvice(MADV_DODUMP, 0);
    assertAdvice(MADV_WIPEONFORK, VM_WIPEONFORK);
    assertAdvice(MADV_KEEPONFORK, 0);
    assertAdvice(MADV_MERGEABLE, VM_MERGEABLE);
    assertAdvice(MADV_UNMERGEABLE, 0);
    assertAdvice(MADV_HUGEPAGE, VM_HUGEPAGE);
    assertAdvice(MADV_NOHUGEPAGE, VM_NOHUGEPAGE);
    assertRefused(Errno.EINVAL, 10, 1, MADV_COLLAPSE);
  }

  @Test
  void flagsSplitAndMerge() {
    map(10, 6, RW);
    store(12, 5);
    advise(12, 2, MADV_DONTFORK);
    assertEquals("10-12 rw, 12-14 rw, 14-16 rw", maps());
    advise(14, 1, MADV_DONTFORK);
    assertEquals("10-12 rw, 12-15 rw, 15-16 rw", maps());
    advise(10, 6, MADV_DOFORK);
    assertEquals("10-16 rw", maps());
    assertEquals(5, load(12));
  }

  @Test
  void holesAreReportedAfterTheRestWasDone() {
    map(10, 2, RW);
    map(13, 2, RW);
    assertRefused(Errno.ENOMEM, 9, 7, MADV_DONTFORK);
    assertEquals(VM_DONTCOPY, advised(10));
    assertEquals(VM_DONTCOPY, advised(13));
    assertEquals("10-12 rw, 13-15 rw", maps());
    store(10, 5);
    store(13, 6);
    assertRefused(Errno.ENOMEM, 10, 5, MADV_DONTNEED);
    assertEquals(0, load(10));
    assertEquals(0, load(13));
  }

  @Test
  void adviceStopsAtAVmaThatCannotTakeIt() {
    map(10, 2, RW);
    map(12, 2, PROT_READ);
    map(14, 2, RW);
    addFlags(12, VM_IO);
    advise(10, 6, MADV_DONTFORK);
    assertRefused(Errno.EINVAL, 10, 6, MADV_DOFORK);
    assertEquals(0, advised(10));
    assertEquals(VM_DONTCOPY, advised(12));
    assertEquals(VM_DONTCOPY, advised(14));
    advise(10, 6, MADV_DONTDUMP);
    assertRefused(Errno.EINVAL, 12, 1, MADV_DODUMP);
    advise(12, 1, MADV_MERGEABLE); // ignored
    assertEquals(0, advised(12) & VM_MERGEABLE);
  }

  @Test
  void tooManyVmasIsEagain() {
    map(10, 4, RW);
    process.mm().sysctl.maxMapCount = process.mm().vmas.size();
    assertRefused(Errno.EAGAIN, 11, 2, MADV_DONTDUMP);
    advise(10, 4, MADV_DONTDUMP);
  }

  @Test
  void dontneedDropsPagesOfOneSideOnly() {
    map(10, 3, RW);
    store(10, 1);
    store(11, 2);
    store(12, 3);
    Process child = process.fork();
    advise(11, 2, MADV_DONTNEED);
    assertEquals(1, load(10));
    assertEquals(0, load(11));
    assertEquals(0, load(12));
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(2, childCpu.loadLong(at(11)));
    assertEquals(3, childCpu.loadLong(at(12)));
    child.exit();
    store(11, 4);
    advise(11, 1, MADV_DONTNEED_LOCKED);
    assertEquals(0, load(11));
  }

  @Test
  void lockedMemoryRefusesToGo() {
    map(10, 2, RW);
    process.mlock(at(10), PAGE_SIZE);
    store(10, 1);
    for (int advice : new int[] {MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_REMOVE}) {
      assertRefused(Errno.EINVAL, 10, 2, advice);
    }
    advise(10, 2, MADV_WILLNEED);
    assertEquals(1, load(10));
    advise(10, 2, MADV_DONTNEED_LOCKED);
    assertEquals(0, load(10));
    addFlags(11, VM_PFNMAP);
    assertRefused(Errno.EINVAL, 11, 1, MADV_DONTNEED_LOCKED);
  }

  @Test
  void freedAndColdPagesKeepTheirContentWhileNobodyReclaims() {
    map(10, 2, RW);
    store(10, 1);
    store(11, 2);
    advise(10, 2, MADV_COLD);
    advise(10, 2, MADV_PAGEOUT);
    advise(10, 1, MADV_FREE);
    assertEquals(1, load(10));
    assertEquals(2, load(11));
    store(10, 3);
    assertEquals(3, load(10));
    assertRefused(Errno.EINVAL, 10, 2, MADV_REMOVE);
  }

  @Test
  void populateFaultsPagesIn() {
    map(10, 4, RW);
    map(14, 2, PROT_READ);
    map(16, 1, PROT_WRITE);
    map(17, 1, PROT_EXEC);
    map(18, 1, PROT_NONE);
    advise(10, 2, MADV_POPULATE_WRITE);
    assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(11)));
    advise(10, 6, MADV_POPULATE_READ);
    assertErrno(Errno.EFAULT, () -> process.isolatePage(at(12))); // the zero page
    assertRefused(Errno.EINVAL, 12, 3, MADV_POPULATE_WRITE);
    assertEquals(MigratePages.Result.MIGRATED, process.movePage(at(13))); // lies before
    advise(16, 1, MADV_POPULATE_WRITE);
    assertRefused(Errno.EINVAL, 16, 1, MADV_POPULATE_READ);
    assertRefused(Errno.EINVAL, 17, 1, MADV_POPULATE_READ);
    assertRefused(Errno.EINVAL, 18, 1, MADV_POPULATE_READ);
    assertRefused(Errno.ENOMEM, 9, 2, MADV_POPULATE_READ);
    assertRefused(Errno.ENOMEM, 30, 1, MADV_POPULATE_WRITE);
  }

  @Test
  void populateWithoutFramesIsEnomem() {
    map(10, 200, RW);
    assertRefused(Errno.ENOMEM, 10, 200, MADV_POPULATE_WRITE);
    machine.check();
    advise(10, 200, MADV_DONTNEED);
  }
}
