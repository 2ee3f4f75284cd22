package org.jmmu.mm;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_LOCKED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.VmSysctl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits of address spaces, and the commit limit of a machine of 64 frames. */
class AccountingTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int FRAMES = 64;

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(FRAMES));
  private final Process process = machine.spawn();

  @AfterEach
  void checkAndClose() {
    machine.check();
    machine.close();
  }

  @Test
  void guessingRefusesOnlyWhatCanNeverFit() {
    map(FRAMES, RW, 0);
    map(FRAMES, RW, 0);
    assertErrno(Errno.ENOMEM, FRAMES + 1, RW, 0);
    map(FRAMES + 1, RW, MAP_NORESERVE);
    map(FRAMES + 1, PROT_READ, 0);
  }

  @Test
  void alwaysRefusesNothing() {
    machine.sysctl().overcommitMemory = VmSysctl.OVERCOMMIT_ALWAYS;
    map(1000 * FRAMES, RW, 0);
  }

  @Test
  void neverCountsTheSum() {
    machine.sysctl().overcommitMemory = VmSysctl.OVERCOMMIT_NEVER;
    long vaddr = map(20, RW, 0);
    map(11, RW, 0);
    assertErrno(Errno.ENOMEM, 1, RW, 0);
    assertErrno(Errno.ENOMEM, 1, RW, MAP_NORESERVE);
    long readable = map(5, PROT_READ, 0);
    ErrnoException e =
        assertThrows(ErrnoException.class, () -> process.mprotect(readable, PAGE_SIZE, RW));
    assertEquals(Errno.ENOMEM, e.errno());
    process.munmap(vaddr, 10 * PAGE_SIZE);
    map(9, RW, 0);
    assertErrno(Errno.ENOMEM, 1, RW, 0);
    process.mmap(vaddr + 10 * PAGE_SIZE, 10 * PAGE_SIZE, RW, ANON | MAP_FIXED); // replaces itself
  }

  @Test
  void addressSpaceAndDataHaveLimits() {
    process.mm().rlimits.as = 10 * PAGE_SIZE;
    long vaddr = map(8, PROT_READ, 0);
    assertErrno(Errno.ENOMEM, 3, PROT_READ, 0);
    process.mmap(vaddr, 10 * PAGE_SIZE, PROT_READ, ANON | MAP_FIXED); // eight of them go
    process.mm().rlimits.as = 20 * PAGE_SIZE;
    process.mm().rlimits.data = 4 * PAGE_SIZE;
    process.mprotect(vaddr, 4 * PAGE_SIZE, RW);
    ErrnoException e =
        assertThrows(
            ErrnoException.class, () -> process.mprotect(vaddr + 5 * PAGE_SIZE, PAGE_SIZE, RW));
    assertEquals(Errno.ENOMEM, e.errno());
    assertEquals(10, process.mm().totalVm);
    assertEquals(4, process.mm().dataVm);
    process.munmap(vaddr, 10 * PAGE_SIZE);
    assertEquals(0, process.mm().totalVm);
    assertEquals(0, process.mm().dataVm);
  }

  @Test
  void lockedMemoryHasALimit() {
    process.mm().rlimits.memlock = 4 * PAGE_SIZE;
    long vaddr = map(3, RW, MAP_LOCKED);
    assertErrno(Errno.EAGAIN, 2, RW, MAP_LOCKED);
    process.munmap(vaddr, 3 * PAGE_SIZE);
    assertEquals(0, process.mm().lockedVm);
    process.mm().rlimits.memlock = 0;
    assertErrno(Errno.EPERM, 1, RW, MAP_LOCKED);
    process.mm().rlimits.capIpcLock = true;
    map(9, RW, MAP_LOCKED);
  }

  private long map(int nrPages, int prot, int flags) {
    return process.mmap(0, nrPages * PAGE_SIZE, prot, ANON | flags);
  }

  private void assertErrno(Errno errno, int nrPages, int prot, int flags) {
    ErrnoException e = assertThrows(ErrnoException.class, () -> map(nrPages, prot, flags));
    assertEquals(errno, e.errno());
  }
}
