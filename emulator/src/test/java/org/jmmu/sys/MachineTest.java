package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_NORESERVE;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** System calls and accesses as a user program makes them; oracles after each test. */
class MachineTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;

  private Machine machine;
  private Process process;
  private Cpu cpu;

  @BeforeEach
  void boot() {
    machine = Machine.boot(MachineConfig.small());
    process = machine.spawn();
    cpu = process.runOn(machine.cpu(0));
  }

  @AfterEach
  void checkAndClose() {
    machine.check();
    machine.close();
  }

  @Test
  void theExampleOfTheReadme() {
    try (Machine machine = Machine.boot(MachineConfig.small())) {
      Process parent = machine.spawn();
      long vaddr = parent.mmap(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
      Cpu cpu = parent.runOn(machine.cpu(0));
      cpu.storeLong(vaddr, 42);
      Process child = parent.fork();
      cpu.storeLong(vaddr, 43);
      parent.movePage(vaddr);
      assertEquals(42, child.runOn(machine.cpu(1)).loadLong(vaddr));
      machine.check();
    }
  }

  @Test
  void untouchedMemoryReadsAsZero() {
    long vaddr = process.mmap(3 * PAGE_SIZE, RW, ANON);
    assertEquals(0, cpu.loadLong(vaddr + PAGE_SIZE));
    cpu.storeLong(vaddr + PAGE_SIZE + 8, 7);
    assertEquals(0, cpu.loadLong(vaddr + PAGE_SIZE));
    assertEquals(7, cpu.loadLong(vaddr + PAGE_SIZE + 8));
    assertEquals(0, cpu.loadLong(vaddr + 2 * PAGE_SIZE + 8));
  }

  @Test
  void accessOutsideAnyMappingIsMaperr() {
    long vaddr = process.mmap(PAGE_SIZE, RW, ANON);
    SegvException e = assertThrows(SegvException.class, () -> cpu.loadLong(vaddr + PAGE_SIZE + 16));
    assertEquals(SegvException.Code.SEGV_MAPERR, e.code());
    assertEquals(vaddr + PAGE_SIZE + 16, e.vaddr());
  }

  @Test
  void forbiddenAccessIsAccerr() {
    long vaddr = process.mmap(2 * PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr, 1);
    process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
    assertAccerr(() -> cpu.storeLong(vaddr, 2));
    assertEquals(1, cpu.loadLong(vaddr));
    process.mprotect(vaddr, PAGE_SIZE, PROT_NONE);
    assertAccerr(() -> cpu.loadLong(vaddr));
    assertAccerr(() -> cpu.fetch(vaddr, 1));
    process.mprotect(vaddr, PAGE_SIZE, RW);
    assertEquals(1, cpu.loadLong(vaddr));
    cpu.storeLong(vaddr, 3);
    assertEquals(3, cpu.loadLong(vaddr));
  }

  private static void assertAccerr(Runnable access) {
    SegvException e = assertThrows(SegvException.class, access::run);
    assertEquals(SegvException.Code.SEGV_ACCERR, e.code());
  }

  @Test
  void forkSharesUntilOneSideWrites() {
    long vaddr = process.mmap(2 * PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr, 1);
    cpu.storeLong(vaddr + PAGE_SIZE, 2);
    Process child = process.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(1, childCpu.loadLong(vaddr));
    childCpu.storeLong(vaddr, 10);
    cpu.storeLong(vaddr + PAGE_SIZE, 20);
    assertEquals(1, cpu.loadLong(vaddr));
    assertEquals(10, childCpu.loadLong(vaddr));
    assertEquals(20, cpu.loadLong(vaddr + PAGE_SIZE));
    assertEquals(2, childCpu.loadLong(vaddr + PAGE_SIZE));
    machine.check();
    child.exit();
    assertEquals(1, cpu.loadLong(vaddr));
    cpu.storeLong(vaddr, 11);
    assertEquals(11, cpu.loadLong(vaddr));
  }

  @Test
  void everyProcessOfAForkTreeFollowsAMigratedPage() {
    long vaddr = process.mmap(PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr, 5);
    Process child = process.fork();
    Process grandchild = child.fork();
    long before = process.isolatePage(vaddr);
    assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(before));
    machine.check();
    for (Process each : new Process[] {process, child, grandchild}) {
      assertEquals(5, each.runOn(machine.cpu(1)).loadLong(vaddr));
    }
    long after = process.isolatePage(vaddr);
    assertNotEquals(before, after);
    assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(after));
    cpu.storeLong(vaddr, 6);
    assertEquals(5, grandchild.runOn(machine.cpu(1)).loadLong(vaddr));
  }

  @Test
  void aPinnedPageIsNotMigratedAndComesBackAsItWas() {
    long vaddr = process.mmap(PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr, 5);
    long pin = process.isolatePage(vaddr);
    assertEquals(MigratePages.Result.EAGAIN, process.movePage(vaddr));
    assertEquals(5, cpu.loadLong(vaddr));
    cpu.storeLong(vaddr, 6);
    assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(pin));
    assertEquals(6, cpu.loadLong(vaddr));
  }

  @Test
  void munmapTakesAHoleOutOfTheMiddle() {
    long vaddr = process.mmap(4 * PAGE_SIZE, RW, ANON);
    for (int page = 0; page < 4; page++) {
      cpu.storeLong(vaddr + page * PAGE_SIZE, page + 1);
    }
    process.munmap(vaddr + PAGE_SIZE, 2 * PAGE_SIZE);
    assertEquals(1, cpu.loadLong(vaddr));
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr + PAGE_SIZE));
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr + 2 * PAGE_SIZE));
    assertEquals(4, cpu.loadLong(vaddr + 3 * PAGE_SIZE));
    assertEquals(2, process.mm().vmas.size());
    assertEquals(
        vaddr + PAGE_SIZE, process.mmap(vaddr + PAGE_SIZE, 2 * PAGE_SIZE, RW, ANON | MAP_FIXED));
    assertEquals(0, cpu.loadLong(vaddr + PAGE_SIZE));
    assertEquals(1, process.mm().vmas.size());
  }

  @Test
  void mprotectSplitsAndMergesBack() {
    long vaddr = process.mmap(6 * PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr + 2 * PAGE_SIZE, 9);
    process.mprotect(vaddr + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
    assertEquals(3, process.mm().vmas.size());
    process.mprotect(vaddr + 3 * PAGE_SIZE, PAGE_SIZE, RW); // the boundary moves down
    assertEquals(3, process.mm().vmas.size());
    process.mprotect(vaddr + 2 * PAGE_SIZE, PAGE_SIZE, RW); // one takes all
    assertEquals(1, process.mm().vmas.size());
    assertEquals(9, cpu.loadLong(vaddr + 2 * PAGE_SIZE));
  }

  @Test
  void mprotectStopsAtTheFirstHole() {
    long vaddr = process.mmap(4 * PAGE_SIZE, RW, ANON);
    process.munmap(vaddr + PAGE_SIZE, PAGE_SIZE);
    ErrnoException e =
        assertThrows(ErrnoException.class, () -> process.mprotect(vaddr, 4 * PAGE_SIZE, PROT_READ));
    assertEquals(Errno.ENOMEM, e.errno());
    assertAccerr(() -> cpu.storeLong(vaddr, 1));
    cpu.storeLong(vaddr + 2 * PAGE_SIZE, 1);
  }

  @Test
  void badArgumentsAreEinval() {
    assertEinval(() -> process.mmap(0, RW, ANON));
    assertEinval(() -> process.mmap(PAGE_SIZE, RW, MAP_ANONYMOUS));
    assertEinval(() -> process.mprotect(process.mmap(PAGE_SIZE, RW, ANON), PAGE_SIZE, 64));
    assertEinval(() -> process.mmap(12, PAGE_SIZE, RW, ANON | MAP_FIXED));
    assertEinval(() -> process.munmap(12, PAGE_SIZE));
    assertEinval(() -> process.munmap(0, 0));
    assertEinval(() -> process.mprotect(12, PAGE_SIZE, RW));
  }

  private static void assertEinval(Runnable call) {
    assertEquals(Errno.EINVAL, assertThrows(ErrnoException.class, call::run).errno());
  }

  @Test
  void runningOutOfFramesIsEnomemAndLosesNothing() {
    long vaddr = process.mmap(100 * PAGE_SIZE, RW, ANON | MAP_NORESERVE);
    ErrnoException e =
        assertThrows(
            ErrnoException.class,
            () -> {
              for (int page = 0; page < 100; page++) {
                cpu.storeLong(vaddr + page * PAGE_SIZE, page + 1);
              }
            });
    assertEquals(Errno.ENOMEM, e.errno());
    assertThrows(ErrnoException.class, process::fork);
    machine.check();
    assertEquals(1, cpu.loadLong(vaddr));
    process.munmap(vaddr, 100 * PAGE_SIZE);
    process.fork().exit();
  }

  @Test
  void unmapsWhatLiesLowerThanItsTablesDoInMemory() {
    long high = process.mmap(20 * PAGE_SIZE, RW, ANON);
    for (int page = 0; page < 20; page++) {
      cpu.storeLong(high + page * PAGE_SIZE, page); // takes the first frames
    }
    long low = process.mmap(0x1_0000, PAGE_SIZE, RW, ANON);
    assertEquals(0x1_0000, low);
    cpu.storeLong(low, 1);
    process.munmap(low, PAGE_SIZE);
    assertThrows(SegvException.class, () -> cpu.loadLong(low));
  }

  @Test
  void exitGivesEveryFrameBack() {
    long vaddr = process.mmap(8 * PAGE_SIZE, RW, ANON);
    for (int page = 0; page < 8; page++) {
      cpu.storeLong(vaddr + page * PAGE_SIZE, page);
    }
    process.fork().exit();
    process.exit();
    machine.check(); // a frame that is neither mapped nor free would be a leak
    process = machine.spawn();
    assertThrows(SegvException.class, () -> process.runOn(cpu).loadLong(vaddr));
  }

  @Test
  void aMachineFromThePoolIsAsNew() {
    long vaddr = process.mmap(PAGE_SIZE, RW, ANON);
    cpu.storeLong(vaddr, 1);
    machine.close();
    machine.close(); // twice does no harm
    assertThrows(IllegalStateException.class, machine::spawn);
    boot();
    machine.check();
    assertEquals(vaddr, process.mmap(PAGE_SIZE, RW, ANON));
    assertEquals(0, cpu.loadLong(vaddr));
  }
}
