package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_HUGETLB;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MFD_HUGETLB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hugetlb.HugePageCounts;
import org.jmmu.hw.Cpu;
import org.jmmu.types.SigbusException;
import org.junit.jupiter.api.BeforeEach;

/** A process on a machine with four huge pages, whose memory is spoken of by their numbers. */
abstract class WithHugePages extends WithProcess {
  static final long HUGE = 2L << 20;
  static final int POOL = 4;
  static final int HUGE_ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;

  @BeforeEach
  final void bootWithHugePages() {
    machine.close();
    boot(MachineConfig.small().withFrames(512 * (POOL + 3)).withHugePages(POOL));
    assertCounts(POOL, POOL, 0, 0);
  }

  static long huge(long page) {
    return BASE + page * HUGE;
  }

  final void mapHuge(long page, long nrPages, int flags) {
    long start = huge(page);
    assertEquals(start, process.mmap(start, nrPages * HUGE, RW, flags | MAP_FIXED));
  }

  final int hugeFile(long nrPages) {
    int fd = process.memfdCreate("h", MFD_HUGETLB);
    process.ftruncate(fd, nrPages * HUGE);
    return fd;
  }

  final void mapFile(int fd, long page, long nrPages, int flags) {
    long _ = process.mmap(huge(page), nrPages * HUGE, RW, flags | MAP_FIXED, fd, 0);
  }

  final void mapShared(int fd, long page, long nrPages) {
    mapFile(fd, page, nrPages, MAP_SHARED);
  }

  final void storeHuge(long page, long value) {
    cpu.storeLong(huge(page) + 4096, value);
  }

  final long loadHuge(long page) {
    return loadHuge(cpu, page);
  }

  static long loadHuge(Cpu on, long page) {
    return on.loadLong(huge(page) + 4096);
  }

  final void assertSigbus(long page) {
    assertSigbus(cpu, page);
  }

  static void assertSigbus(Cpu on, long page) {
    long vaddr = huge(page) + 8;
    assertEquals(vaddr, assertThrows(SigbusException.class, () -> on.storeLong(vaddr, 1)).vaddr());
  }

  /** And all oracles. */
  final void assertCounts(long total, long free, long rsvd, long surp) {
    assertEquals(new HugePageCounts(total, free, rsvd, surp), machine.hugePages());
    machine.check();
  }
}
