package org.jmmu.mm;

import static org.jmmu.mm.Mman.MAP_32BIT;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_FIXED_NOREPLACE;
import static org.jmmu.mm.Mman.MAP_GROWSDOWN;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where mappings go that name no address. */
class PlacementTest {
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final long TOP = 0x7fff_f7ff_f000L;
  private static final long HUGE = 2L << 20;

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();

  @AfterEach
  void checkAndClose() {
    machine.check();
    machine.close();
  }

  @Test
  void topDown() {
    assertEquals(TOP - PAGE_SIZE, map(0, PAGE_SIZE, 0));
    assertEquals(TOP - 3 * PAGE_SIZE, map(0, 2 * PAGE_SIZE, 0));
    process.munmap(TOP - PAGE_SIZE, PAGE_SIZE);
    assertEquals(TOP - 5 * PAGE_SIZE, map(0, 2 * PAGE_SIZE, 0), "the hole is too small");
    assertEquals(TOP - PAGE_SIZE, map(0, PAGE_SIZE, 0));
  }

  @Test
  void whatIsAMultipleOfAHugePageIsAlignedToOne() {
    assertEquals((TOP & -HUGE) - HUGE, map(0, HUGE, 0));
    assertEquals((TOP & -HUGE) - 2 * HUGE, map(0, HUGE, 0));
    assertEquals(TOP - HUGE + PAGE_SIZE, map(0, HUGE - PAGE_SIZE, 0), "no multiple: at the top");
  }

  @Test
  void aHintIsTakenIfItIsFree() {
    long hint = 0x1234_5000L;
    assertEquals(hint, map(hint + 1, PAGE_SIZE, 0));
    assertEquals(TOP - PAGE_SIZE, map(hint, PAGE_SIZE, 0));
    assertEquals(machine.sysctl().mmapMinAddr, map(1, PAGE_SIZE, 0), "a low hint is raised");
  }

  @Test
  void aStackKeepsItsGuardGap() {
    long stack = 0x1000_0000L;
    map(stack, PAGE_SIZE, MAP_FIXED | MAP_GROWSDOWN);
    long gap = 256 * PAGE_SIZE;
    assertEquals(TOP - PAGE_SIZE, map(stack - gap, PAGE_SIZE, 0));
    assertEquals(stack - gap - PAGE_SIZE, map(stack - gap - PAGE_SIZE, PAGE_SIZE, 0));
    assertEquals(stack - PAGE_SIZE, map(stack - PAGE_SIZE, PAGE_SIZE, MAP_FIXED), "if asked for");
  }

  @Test
  void below2Gib() {
    assertEquals(0x4000_0000L, map(0, PAGE_SIZE, MAP_32BIT));
    assertEquals(0x4000_1000L, map(0, PAGE_SIZE, MAP_32BIT));
    assertErrno(Errno.ENOMEM, 0, 0x4000_0000L, MAP_32BIT);
  }

  @Test
  void fixedAddresses() {
    assertErrno(Errno.EINVAL, 0x1_2345_6001L, PAGE_SIZE, MAP_FIXED);
    assertErrno(Errno.EPERM, 0, PAGE_SIZE, MAP_FIXED);
    assertErrno(Errno.ENOMEM, Mman.TASK_SIZE, PAGE_SIZE, MAP_FIXED);
    assertErrno(Errno.ENOMEM, 0, Mman.TASK_SIZE, 0);
    assertErrno(Errno.ENOMEM, 0, -1, 0);
    long vaddr = map(0, PAGE_SIZE, 0);
    assertErrno(Errno.EEXIST, vaddr, PAGE_SIZE, MAP_FIXED_NOREPLACE);
    assertEquals(vaddr, map(vaddr, PAGE_SIZE, MAP_FIXED));
  }

  private long map(long hint, long length, int flags) {
    return process.mmap(hint, length, PROT_NONE, ANON | flags);
  }

  private void assertErrno(Errno errno, long hint, long length, int flags) {
    ErrnoException e = assertThrows(ErrnoException.class, () -> map(hint, length, flags));
    assertEquals(errno, e.errno());
  }
}
