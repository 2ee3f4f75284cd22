package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jmmu.hw.Cpu;
import org.jmmu.types.KernelBug;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** CPUs that go idle and come back to the process they ran. */
class LazyTlbTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;
  private static final int ROUNDS = 20_000;
  private static final int MINUTES = 2; // deadline of the test with two threads

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));
  private final long vaddr = process.mmap(2 * PAGE_SIZE, RW, ANON);

  private volatile int mapped;
  private volatile int seen;
  private volatile int unmapped;

  LazyTlbTest() {
    cpu.storeLong(vaddr, 42);
    cpu.storeLong(vaddr + PAGE_SIZE, 43);
  }

  @AfterEach
  void rest() {
    machine.check();
    machine.close();
  }

  private long shootdownsAtIdle(Runnable change) {
    process.leave(cpu);
    change.run();
    long before = cpu.statistics().shootdowns();
    cpu.poll();
    return cpu.statistics().shootdowns() - before;
  }

  @Test
  void comingBackCostsNoWalk() {
    process.leave(cpu);
    process.runOn(cpu);
    long walks = cpu.statistics().walks();
    assertEquals(42, cpu.loadLong(vaddr));
    assertEquals(walks, cpu.statistics().walks());
  }

  @Test
  void anIdleCpuIsSparedAndFlushesWhenItComesBack() {
    assertEquals(0, shootdownsAtIdle(() -> process.munmap(vaddr, PAGE_SIZE)));
    assertEquals(0, shootdownsAtIdle(() -> process.mprotect(vaddr + PAGE_SIZE, PAGE_SIZE, 0)));
    process.runOn(cpu);
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr + PAGE_SIZE));
  }

  @Test
  void onceFlushedItIsShotAtAgain() {
    process.leave(cpu);
    process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
    process.runOn(cpu);
    assertEquals(42, cpu.loadLong(vaddr));
    process.munmap(vaddr, PAGE_SIZE);
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
  }

  @Test
  void freedTablesReachAnIdleCpu() {
    assertTrue(shootdownsAtIdle(() -> process.munmap(vaddr, 2 * PAGE_SIZE)) > 0);
  }

  @Test
  void anIdleCpuRunsNothing() {
    process.leave(cpu);
    assertThrows(KernelBug.class, () -> cpu.loadLong(vaddr));
  }

  @Test
  void anotherProcessFindsNothingOfTheFormer() {
    Process other = machine.spawn();
    process.leave(cpu);
    other.runOn(cpu);
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
    other.leave(cpu);
    process.munmap(vaddr, PAGE_SIZE);
    process.runOn(cpu);
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
    assertEquals(43, cpu.loadLong(vaddr + PAGE_SIZE));
  }

  @Test
  void aProcessMayExitWhileACpuRemembersIt() {
    process.leave(cpu);
    process.exit();
    machine.check();
    Process next = machine.spawn();
    next.runOn(cpu);
    assertThrows(SegvException.class, () -> cpu.loadLong(vaddr));
  }

  /** A load that starts after munmap has returned must not succeed, idle or not in between. */
  @Test
  void nothingUnmappedIsFoundByACpuThatComesAndGoes() throws Exception {
    process.leave(cpu);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> stale = threads.submit(this::comeAndGo);
      Future<?> changes = threads.submit(this::mapAndUnmap);
      changes.get(MINUTES, TimeUnit.MINUTES);
      assertEquals(0, stale.get(MINUTES, TimeUnit.MINUTES), "loads of what was unmapped");
    }
  }

  private void mapAndUnmap() {
    Cpu own = process.runOn(machine.cpu(1));
    for (int round = 1; round <= ROUNDS; round++) {
      long _ = process.mmap(vaddr, PAGE_SIZE, RW, ANON | MAP_FIXED);
      own.storeLong(vaddr, round);
      mapped = round;
      for (int spins = 0; seen < round && spins < 200; spins++) {
        Thread.onSpinWait();
      }
      process.munmap(vaddr, PAGE_SIZE);
      unmapped = round;
    }
    mapped = Integer.MAX_VALUE;
    process.leave(own);
  }

  private int comeAndGo() {
    int stale = 0;
    for (int round = mapped; round < Integer.MAX_VALUE; round = mapped) {
      process.runOn(cpu);
      for (int i = 0; i < 3; i++) {
        int gone = unmapped;
        try {
          long found = cpu.loadLong(vaddr);
          // Zero: mapped again, and not yet written.
          if (found != 0 && found <= gone) {
            stale++;
          }
        } catch (SegvException _) {
          // Unmapped, as it may be.
        }
      }
      process.leave(cpu);
      seen = round;
    }
    return stale;
  }
}
