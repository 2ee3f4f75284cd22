package org.jmmu.mm;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.MAP_SHARED;
import static org.jmmu.mm.Mman.MAP_SYNC;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Which VMAs become one. Expected values are what Linux 6.18 shows in {@code /proc/PID/maps} for
 * the same calls.
 */
class VmaMergeTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final long BASE = 0x1000_0000_0000L;

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(256));
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));

  @AfterEach
  void checkAndClose() {
    machine.check();
    machine.close();
  }

  @Test
  void aNewMappingJoinsBothNeighbours() {
    map(0, 2, RW);
    map(4, 2, RW);
    assertEquals("0-2 4-6", maps());
    map(2, 2, RW);
    assertEquals("0-6", maps());
  }

  @Test
  void aNewMappingJoinsNoNeighbourOfOtherFlags() {
    map(0, 2, RW);
    map(2, 2, PROT_READ);
    process.mmap(BASE + 4 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ, ANON | MAP_FIXED | MAP_NORESERVE);
    assertEquals("0-2 2-4 4-6", maps());
    process.mmap(BASE + PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED | MAP_SYNC);
    assertEquals("0-1 1-2 2-4 4-6", maps());
  }

  @Test
  void twoNeighboursThatWereFaultedApartStayTwo() {
    map(0, 1, RW);
    map(2, 1, RW);
    touch(0);
    touch(2);
    map(1, 1, RW); // could be either's: it becomes the lower one's
    assertEquals("0-2 2-3", maps());
  }

  @Test
  void neighboursFaultedAsOneJoinAgain() {
    map(0, 3, RW);
    touch(0);
    touch(2);
    process.munmap(BASE + PAGE_SIZE, PAGE_SIZE);
    assertEquals("0-1 2-3", maps());
    map(1, 1, RW);
    assertEquals("0-3", maps());
  }

  @Test
  void aMovedBoundaryTakesTheAnonVmaAlong() {
    map(0, 4, RW);
    touch(1);
    process.mprotect(BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
    process.mprotect(BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    assertEquals("0-1 1-4", maps());
    assertEquals(1, cpu.loadLong(BASE + PAGE_SIZE));
  }

  @Test
  void mprotectOfTheMiddleSplitsInThree() {
    map(0, 6, RW);
    process.mprotect(BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
    assertEquals("0-2 2-4 4-6", maps());
    process.mprotect(BASE + 2 * PAGE_SIZE, 2 * PAGE_SIZE, RW);
    assertEquals("0-6", maps());
  }

  /** The charge of memory that was written stays, so that the two look different. */
  @Test
  void whatWasChargedOnceDiffersFromWhatNeverWas() {
    map(0, 1, RW);
    touch(0);
    process.mprotect(BASE, PAGE_SIZE, PROT_READ);
    map(1, 1, PROT_READ);
    assertEquals("0-1 1-2", maps());
  }

  @Test
  void theChargeOfUntouchedMemoryIsGivenBack() {
    map(0, 1, RW);
    process.mprotect(BASE, PAGE_SIZE, PROT_READ);
    map(1, 1, PROT_READ);
    assertEquals("0-2", maps());
  }

  @Test
  void afterAForkAnUntouchedMappingDoesNotJoinATouchedOne() {
    map(0, 1, RW);
    touch(0);
    Process child = process.fork();
    child.mmap(BASE + PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED);
    assertEquals("0-1 1-2", maps(child));
    map(1, 1, RW); // the parent's own anon_vma has no parents
    assertEquals("0-2", maps());
  }

  @Test
  void sharedMemoryNeverJoins() {
    process.mmap(BASE, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
    process.mmap(BASE + PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
    assertEquals("0-1 1-2", maps());
    process.mprotect(BASE + PAGE_SIZE, PAGE_SIZE, PROT_NONE);
    process.mprotect(BASE, PAGE_SIZE, PROT_NONE);
    assertEquals("0-1 1-2", maps());
  }

  @Test
  void partsOfOneSharedMappingJoinAgain() {
    process.mmap(BASE, 3 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
    process.mprotect(BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ);
    assertEquals("0-1 1-2 2-3", maps());
    process.mprotect(BASE, 3 * PAGE_SIZE, PROT_NONE);
    assertEquals("0-3", maps());
  }

  @Test
  void munmapOfTheMiddleNeedsRoomForOneMoreVma() {
    map(0, 5, RW);
    map(6, 1, RW);
    machine.sysctl().maxMapCount = 2;
    assertErrno(Errno.ENOMEM, () -> process.munmap(BASE + PAGE_SIZE, PAGE_SIZE));
    assertErrno(Errno.ENOMEM, () -> process.mprotect(BASE + PAGE_SIZE, PAGE_SIZE, PROT_READ));
    process.munmap(BASE + 4 * PAGE_SIZE, PAGE_SIZE); // an end may go
    assertEquals("0-4 6-7", maps());
  }

  @Test
  void mprotectDoesWhatItCanBeforeItFails() {
    map(0, 2, RW);
    map(3, 1, RW);
    assertErrno(Errno.ENOMEM, () -> process.mprotect(BASE, 4 * PAGE_SIZE, PROT_READ));
    assertEquals(PROT_READ, vma(0).vmFlagsGetOpaque() & VmFlags.VM_ACCESS_FLAGS);
    assertEquals(RW, vma(3).vmFlagsGetOpaque() & VmFlags.VM_ACCESS_FLAGS);
  }

  private void map(int page, int nrPages, int prot) {
    process.mmap(BASE + page * PAGE_SIZE, nrPages * PAGE_SIZE, prot, ANON | MAP_FIXED);
  }

  private void touch(int page) {
    cpu.storeLong(BASE + page * PAGE_SIZE, page);
  }

  private Vma vma(int page) {
    Vma vma = process.mm().vmas.find(BASE + page * PAGE_SIZE);
    assert vma != null;
    return vma;
  }

  private String maps() {
    return maps(process);
  }

  /** Ranges in pages from the base. */
  private static String maps(Process process) {
    return Stream.of(process.mm().vmas.snapshot())
        .map(vma -> page(vma.vmStartGetOpaque()) + "-" + page(vma.vmEndGetOpaque()))
        .collect(Collectors.joining(" "));
  }

  private static long page(long vaddr) {
    return (vaddr - BASE) / PAGE_SIZE;
  }

  private static void assertErrno(Errno errno, Runnable call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
  }
}
