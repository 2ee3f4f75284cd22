package org.jmmu.sys;

import static org.jmmu.hugetlb.HugePages.NR_FRAMES;
import static org.jmmu.mm.Mman.FALLOC_FL_KEEP_SIZE;
import static org.jmmu.mm.Mman.FALLOC_FL_PUNCH_HOLE;
import static org.jmmu.mm.Mman.MADV_DONTNEED;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_HUGETLB;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.jmmu.hw.Cpu;
import org.jmmu.types.Errno;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.Test;

/** What one thread sees of huge pages: content, errors, and the counters of the pool. */
class HugetlbTest extends WithHugePages {
  private static final int SHARED_ANON = MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;

  @Test
  void aPrivateMappingReservesUsesAndGivesBack() {
    mapHuge(0, 3, HUGE_ANON);
    assertCounts(4, 4, 3, 0);
    assertEquals(0, loadHuge(0));
    storeHuge(0, 7);
    storeHuge(1, 8);
    assertCounts(4, 2, 1, 0);
    assertEquals(7, loadHuge(0));
    process.munmap(huge(1), HUGE);
    assertCounts(4, 3, 1, 0);
    process.munmap(huge(0), 3 * HUGE);
    assertCounts(4, 4, 0, 0);
    assertEquals(0, machine.framesInUse() - 1); // its top-level page table
  }

  @Test
  void aPageGivenBackComesBackZeroed() {
    mapHuge(0, 4, HUGE_ANON);
    for (int page = 0; page < 4; page++) {
      storeHuge(page, 100 + page);
    }
    process.munmap(huge(0), 4 * HUGE);
    mapHuge(0, 4, SHARED_ANON);
    for (int page = 0; page < 4; page++) {
      assertEquals(0, loadHuge(page));
    }
  }

  @Test
  void withoutEnoughPagesMmapFails() {
    mapHuge(0, 3, HUGE_ANON);
    assertErrno(Errno.ENOMEM, () -> mapHuge(8, 2, HUGE_ANON));
    assertErrno(Errno.ENOMEM, () -> mapHuge(8, 2, SHARED_ANON));
    assertCounts(4, 4, 3, 0);
    mapHuge(8, 1, HUGE_ANON);
    assertCounts(4, 4, 4, 0);
  }

  @Test
  void anAccessWithoutReservationTakesWhatNobodyReserved() {
    mapHuge(0, 4, HUGE_ANON | MAP_NORESERVE);
    mapHuge(8, 3, HUGE_ANON);
    storeHuge(0, 1);
    assertCounts(4, 3, 3, 0);
    assertSigbus(1);
    assertCounts(4, 3, 3, 0);
    process.munmap(huge(8), HUGE);
    storeHuge(1, 2);
    assertCounts(4, 2, 2, 0);
  }

  @Test
  void surplusPagesComeAndGo() {
    machine.sysctl().nrOvercommitHugepages = 2;
    mapHuge(0, 5, HUGE_ANON);
    assertCounts(5, 5, 5, 1);
    assertErrno(Errno.ENOMEM, () -> mapHuge(8, 2, HUGE_ANON));
    assertCounts(5, 5, 5, 1);
    mapHuge(8, 1, HUGE_ANON | MAP_NORESERVE);
    storeHuge(8, 1);
    assertCounts(6, 5, 5, 2);
    process.munmap(huge(8), HUGE);
    assertCounts(5, 5, 5, 1);
    storeHuge(0, 1);
    process.munmap(huge(0), 5 * HUGE);
    assertCounts(4, 4, 0, 0);
  }

  @Test
  void misalignedCallsAreRefused() {
    mapHuge(0, 3, HUGE_ANON);
    storeHuge(1, 5);
    int fd = hugeFile(2);
    int flags = HUGE_ANON | MAP_NORESERVE;
    assertErrno(Errno.EINVAL, () -> process.mmap(at(1), HUGE, RW, flags | MAP_FIXED));
    assertErrno(Errno.EINVAL, () -> process.mmap(0, HUGE, RW, flags, -1, PAGE_SIZE));
    assertErrno(Errno.EINVAL, () -> process.mmap(0, HUGE, RW, flags | 16 << 26));
    assertErrno(Errno.EINVAL, () -> process.mmap(0, HUGE, RW, MAP_SHARED, fd, PAGE_SIZE));
    assertErrno(Errno.EINVAL, () -> process.munmap(huge(0) + PAGE_SIZE, HUGE));
    assertErrno(Errno.EINVAL, () -> process.munmap(huge(0), PAGE_SIZE));
    assertErrno(Errno.EINVAL, () -> process.mprotect(huge(1), PAGE_SIZE, PROT_READ));
    assertErrno(Errno.EINVAL, () -> process.madvise(huge(1) + PAGE_SIZE, HUGE, MADV_DONTNEED));
    assertErrno(Errno.EINVAL, () -> process.ftruncate(fd, PAGE_SIZE));
    assertErrno(Errno.EINVAL, () -> process.pwrite(fd, new byte[1], 0));
    assertErrno(Errno.EINVAL, () -> process.mremap(huge(0), HUGE, 2 * HUGE, MREMAP_MAYMOVE, 0));
    assertEquals(5, loadHuge(1));
    assertCounts(4, 3, 2, 0);
  }

  @Test
  void lengthsAreRoundedUpAndHintsToo() {
    long start = process.mmap(huge(0) + PAGE_SIZE, PAGE_SIZE, RW, HUGE_ANON);
    assertEquals(huge(1), start);
    cpu.storeByte(start + HUGE - 1, (byte) 1);
    assertCounts(4, 3, 0, 0);
    long anywhere = process.mmap(HUGE, RW, HUGE_ANON);
    assertEquals(0, anywhere % HUGE);
    assertTrue(process.maps().contains("/anon_hugepage (deleted)"), process::maps);
  }

  @Test
  void dontneedGivesThePageBackAndKeepsItReserved() {
    mapHuge(0, 4, HUGE_ANON);
    storeHuge(0, 1);
    storeHuge(1, 2);
    process.madvise(huge(0), 2 * HUGE - PAGE_SIZE, MADV_DONTNEED);
    assertCounts(4, 3, 3, 0);
    assertEquals(2, loadHuge(1));
    assertEquals(0, loadHuge(0));
    assertCounts(4, 2, 2, 0);
  }

  @Test
  void protectionIsThatOfTheVma() {
    mapHuge(0, 2, HUGE_ANON);
    storeHuge(0, 1);
    storeHuge(1, 2);
    process.mprotect(huge(0), HUGE, PROT_READ);
    assertThrows(SegvException.class, () -> storeHuge(0, 3));
    storeHuge(1, 3);
    process.mprotect(huge(0), 2 * HUGE, 0);
    machine.check();
    assertThrows(SegvException.class, () -> loadHuge(1));
    process.mprotect(huge(0), 2 * HUGE, RW);
    storeHuge(0, 4);
    assertEquals(4, loadHuge(0));
    assertEquals(3, loadHuge(1));
    assertCounts(4, 2, 0, 0);
  }

  @Test
  void parentAndChildCopyOnWrite() {
    mapHuge(0, 1, HUGE_ANON);
    storeHuge(0, 1);
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    assertCounts(4, 3, 0, 0);
    assertEquals(1, loadHuge(other, 0));
    storeHuge(0, 2);
    assertCounts(4, 2, 0, 0);
    assertEquals(1, loadHuge(other, 0));
    other.storeLong(huge(0) + 4096, 3); // the last one that has the page keeps it
    assertCounts(4, 2, 0, 0);
    assertEquals(2, loadHuge(0));
    child.exit();
    assertCounts(4, 3, 0, 0);
  }

  /** The owner of the reservation gets the page; the child cannot tell what it has lost. */
  @Test
  void withoutAPageForTheCopyTheChildLosesItsOwn() {
    mapHuge(0, 4, HUGE_ANON);
    for (int page = 0; page < 4; page++) {
      storeHuge(page, 10 + page);
    }
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    storeHuge(2, 99);
    assertCounts(4, 0, 0, 0);
    assertEquals(99, loadHuge(2));
    assertEquals(11, loadHuge(other, 1));
    assertThrows(SigbusException.class, () -> loadHuge(other, 2));
    child.exit();
    assertCounts(4, 0, 0, 0);
  }

  @Test
  void aChildThatCannotCopyGetsSigbus() {
    mapHuge(0, 4, HUGE_ANON);
    storeHuge(0, 1);
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    assertCounts(4, 3, 3, 0);
    assertThrows(SigbusException.class, () -> other.storeLong(huge(0), 2));
    assertThrows(SigbusException.class, () -> other.storeLong(huge(1), 2));
    assertCounts(4, 3, 3, 0);
    process.munmap(huge(0), 4 * HUGE);
    assertCounts(4, 3, -1, 0); // page 0 was reserved, and counts as free when the child is done
    other.storeLong(huge(1), 2);
    assertEquals(1, loadHuge(other, 0) + other.loadLong(huge(0)));
    assertErrno(Errno.ENOMEM, () -> mapHuge(8, 3, HUGE_ANON)); // 2 are there
    child.exit();
    assertCounts(4, 4, 0, 0);
  }

  @Test
  void aFileReservesAPageOnceForAll() {
    int fd = hugeFile(3);
    mapShared(fd, 0, 2);
    mapShared(fd, 8, 3);
    assertCounts(4, 4, 3, 0);
    storeHuge(1, 5);
    assertEquals(5, loadHuge(9));
    assertCounts(4, 3, 2, 0);
    Process child = process.fork();
    Cpu other = child.runOn(machine.cpu(1));
    assertEquals(5, loadHuge(other, 1));
    other.storeLong(huge(8) + 4096, 6);
    assertEquals(6, loadHuge(0));
    child.exit();
    process.munmap(huge(0), 11 * HUGE);
    assertCounts(4, 2, 1, 0); // the file has them
    process.close(fd);
    assertCounts(4, 4, 0, 0);
  }

  @Test
  void aPrivateMappingOfAFileCopies() {
    int fd = hugeFile(1);
    mapShared(fd, 0, 1);
    mapFile(fd, 8, 1, MAP_PRIVATE);
    assertCounts(4, 4, 2, 0);
    storeHuge(0, 5);
    assertEquals(5, loadHuge(8));
    assertCounts(4, 3, 1, 0);
    storeHuge(8, 6);
    assertCounts(4, 2, 0, 0);
    assertEquals(5, loadHuge(0));
    byte[] bytes = new byte[8];
    assertEquals(8, process.pread(fd, bytes, 4096));
    assertEquals(5, bytes[0]);
  }

  @Test
  void truncationTakesPagesAndReservations() {
    int fd = hugeFile(3);
    mapShared(fd, 0, 3);
    mapFile(fd, 8, 1, MAP_PRIVATE);
    storeHuge(0, 1);
    storeHuge(2, 3);
    storeHuge(8, 4);
    assertCounts(4, 1, 1, 0);
    process.ftruncate(fd, HUGE);
    assertCounts(4, 2, 0, 0);
    assertEquals(1, loadHuge(0));
    assertSigbus(2);
    process.ftruncate(fd, 0);
    assertCounts(4, 4, 1, 0); // a private page may come back
    assertSigbus(0);
    assertSigbus(8);
    process.ftruncate(fd, 3 * HUGE);
    assertEquals(0, loadHuge(2));
    assertCounts(4, 3, 1, 0);
  }

  @Test
  void aHoleGivesPagesBackAndClearsTheRest() {
    int fd = hugeFile(3);
    mapShared(fd, 0, 3);
    for (int page = 0; page < 3; page++) {
      storeHuge(page, 1);
    }
    assertCounts(4, 1, 0, 0);
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    process.fallocate(fd, mode, 4096, 2 * HUGE);
    assertCounts(4, 2, 0, 0);
    assertEquals(0, loadHuge(0));
    assertEquals(1, loadHuge(2));
    process.fallocate(fd, mode, 2 * HUGE + 4096, 8);
    assertEquals(0, loadHuge(2));
    storeHuge(1, 2);
    assertCounts(4, 1, 0, 0);
  }

  @Test
  void fallocateMakesPagesAsFarAsTheyGo() {
    int fd = hugeFile(0);
    process.fallocate(fd, 0, 0, 2 * HUGE);
    assertCounts(4, 2, 0, 0);
    mapShared(fd, 0, 3);
    assertCounts(4, 2, 1, 0);
    assertErrno(Errno.ENOSPC, () -> process.fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 6 * HUGE));
    assertCounts(4, 0, 0, 0);
    storeHuge(2, 3);
    process.close(fd);
    process.munmap(huge(0), 3 * HUGE);
    assertCounts(4, 4, 0, 0);
  }

  @Test
  void mremapMovesPagesAndReservations() {
    mapHuge(0, 4, HUGE_ANON);
    storeHuge(1, 5);
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    long _ = process.mremap(huge(1), 2 * HUGE, 2 * HUGE, flags, huge(16));
    assertCounts(4, 3, 3, 0);
    assertEquals(5, loadHuge(16));
    assertThrows(SegvException.class, () -> loadHuge(1));
    storeHuge(17, 6);
    assertCounts(4, 2, 2, 0);
    long _ = process.mremap(huge(16), 2 * HUGE, HUGE, 0, 0);
    assertCounts(4, 3, 2, 0);
  }

  @Test
  void walkersOfSmallPagesSeeNoTable() {
    mapHuge(0, 2, HUGE_ANON);
    storeHuge(0, 5);
    byte[] expected = new byte[2 * NR_FRAMES];
    Arrays.fill(expected, 0, NR_FRAMES, (byte) 1);
    assertEquals(Arrays.toString(expected), Arrays.toString(process.mincore(huge(0), 2 * HUGE)));
    assertTrue(process.smaps().contains("AnonHugePages"));
    assertTrue(process.status().contains("VmRSS:\t       0 kB"), process::status);
    long[] pagemap = process.pagemap(huge(0), 2 * NR_FRAMES);
    assertEquals(0x81, pagemap[0] >>> 56); // present, mapped once, not of a file
    assertEquals(pagemap[0] + NR_FRAMES - 1, pagemap[NR_FRAMES - 1]);
    assertEquals(0, pagemap[NR_FRAMES] & ~(1L << 55));
    assertEquals(0, machine.reclaim(8));
    int _ = machine.compact();
    machine.scanKsm();
    assertEquals(5, loadHuge(0));
    assertErrno(Errno.EFAULT, () -> process.isolatePage(huge(0)));
    process.mlock(huge(0), 2 * HUGE);
    assertCounts(4, 2, 0, 0);
  }
}
