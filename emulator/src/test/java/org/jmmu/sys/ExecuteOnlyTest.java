package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_LOCKED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_EXEC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.Cpu;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that may be executed and nothing else, on CPUs with and without protection keys. */
class ExecuteOnlyTest {
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int RW = PROT_READ | PROT_WRITE;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void canBeReadWithoutProtectionKeysOnly(boolean keys) {
    try (Machine machine = boot(keys)) {
      Process process = machine.spawn();
      Cpu cpu = process.runOn(machine.cpu(0));
      long vaddr = process.mmap(PAGE_SIZE, PROT_EXEC, ANON);
      if (keys) {
        SegvException e = assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
        assertEquals(SegvException.Code.SEGV_PKUERR, e.code());
      } else {
        assertEquals(0, cpu.loadLong(vaddr));
      }
      assertEquals(0, cpu.fetch(vaddr, 1));
      assertEquals(keys ? 1 : -1, firstProtectionKey(process));
      machine.check();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void isNotFaultedInAheadIfNobodyMayReadIt(boolean keys) {
    try (Machine machine = boot(keys)) {
      Process process = machine.spawn();
      long before = machine.framesInUse();
      long _ = process.mmap(PAGE_SIZE, PROT_EXEC, ANON | MAP_LOCKED);
      assertEquals(keys, machine.framesInUse() == before);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void losesItsKeyWhenMoreIsAllowed(boolean keys) {
    try (Machine machine = boot(keys)) {
      Process process = machine.spawn();
      Cpu cpu = process.runOn(machine.cpu(0));
      long vaddr = process.mmap(PAGE_SIZE, RW, ANON);
      cpu.storeLong(vaddr, 42);
      process.mprotect(vaddr, PAGE_SIZE, PROT_EXEC);
      if (keys) {
        assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
      }
      process.mprotect(vaddr, PAGE_SIZE, RW);
      assertEquals(42, cpu.loadLong(vaddr));
      assertEquals(keys ? 0 : -1, firstProtectionKey(process));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsKeyIsNotTheUsers(boolean keys) {
    try (Machine machine = boot(keys)) {
      Process process = machine.spawn();
      long vaddr = process.mmap(PAGE_SIZE, PROT_EXEC, ANON);
      assertErrno(Errno.EINVAL, () -> process.pkeyFree(1));
      assertErrno(Errno.EINVAL, () -> process.pkeyMprotect(vaddr, PAGE_SIZE, RW, 1));
      if (keys) {
        assertEquals(2, process.pkeyAlloc(0, 0));
      } else {
        assertErrno(Errno.ENOSPC, () -> assertTrue(process.pkeyAlloc(0, 0) > 0));
      }
    }
  }

  private static Machine boot(boolean keys) {
    MachineConfig config = MachineConfig.small();
    return Machine.boot(keys ? config : config.withoutProtectionKeys());
  }

  /** Of the first VMA in smaps; -1 if it shows none. */
  private static int firstProtectionKey(Process process) {
    return process
        .smaps()
        .lines()
        .filter(line -> line.startsWith("ProtectionKey:"))
        .mapToInt(line -> Integer.parseInt(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElse(-1);
  }

  private static void assertErrno(Errno errno, Runnable call) {
    assertEquals(errno, assertThrows(ErrnoException.class, call::run).errno());
  }
}
