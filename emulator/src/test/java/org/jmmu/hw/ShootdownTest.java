package org.jmmu.hw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.ShortDeadline;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shootdowns between CPUs, on one thread where the order is to be fixed and on two to race. */
class ShootdownTest {
  private static final long VADDR = 0x7f12_3456_7000L;
  private static final long PAGE = PhysMemory.PAGE_SIZE;
  private static final int ROUNDS = 20_000;

  private final PageTables tables = new PageTables(new PhysMemory(256));
  private final Faults faults = new Faults();
  private final Cpu[] cpus = {boot(0), boot(1)};

  private Cpu boot(int id) {
    Cpu cpu = new Cpu(id, tables.phys, faults);
    cpu.writeCr3(tables.cr3());
    return cpu;
  }

  /** Both CPUs have the page in their TLBs; then it is unmapped. */
  private void fillThenUnmap(long vaddr) {
    tables.map(vaddr);
    cpus[0].storeLong(vaddr, 1);
    cpus[1].storeLong(vaddr, 1);
    tables.map(vaddr, 0, 0);
  }

  @Test
  void withoutAShootdownTheOldTranslationLives() {
    fillThenUnmap(VADDR);
    assertEquals(1, cpus[1].loadLong(VADDR));
  }

  @Test
  void loadsStoresAndAtomicsAllSeeTheRequest() {
    for (int round = 0; round < 5; round++) {
      fillThenUnmap(VADDR);
      Shootdown.flushPages(cpus, 0b11, cpus[0], 0, VADDR, VADDR + PAGE);
      assertThrows(Faults.Signal.class, () -> cpus[0].loadLong(VADDR));
      int kind = round;
      assertThrows(Faults.Signal.class, () -> access(cpus[1], kind));
    }
    assertEquals(10, faults.count);
  }

  private static void access(Cpu cpu, int kind) {
    switch (kind) {
      case 0 -> assertEquals(0, cpu.loadLong(VADDR));
      case 1 -> cpu.storeLong(VADDR, 2);
      case 2 -> assertEquals(0, cpu.xaddLong(VADDR, 2));
      case 3 -> assertEquals(0, cpu.loadInt(VADDR + 1));
      default -> cpu.storeByte(VADDR, (byte) 2);
    }
  }

  @Test
  void onlyTheRangeAndTheMaskAreFlushed() {
    fillThenUnmap(VADDR);
    fillThenUnmap(VADDR + PAGE);
    Shootdown.flushPages(cpus, 0b10, null, 0, VADDR, VADDR + PAGE);
    assertEquals(1, cpus[0].loadLong(VADDR));
    assertEquals(1, cpus[1].loadLong(VADDR + PAGE));
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
  }

  @Test
  void moreRequestsThanSlotsFlushEverything() {
    fillThenUnmap(VADDR);
    for (int i = 0; i < 40; i++) {
      Shootdown.flushPages(cpus, 0b10, null, 0, i * PAGE, (i + 1) * PAGE);
    }
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
    fillThenUnmap(VADDR);
    Shootdown.flushPages(cpus, 0b10, null, 0, VADDR, VADDR + PAGE);
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
  }

  @Test
  void pcidAndEverything() {
    fillThenUnmap(VADDR);
    Shootdown.flushPcid(cpus, 0b11, cpus[0], 1);
    assertEquals(1, cpus[1].loadLong(VADDR));
    Shootdown.flushPcid(cpus, 0b11, cpus[0], 0);
    assertThrows(Faults.Signal.class, () -> cpus[0].loadLong(VADDR));
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
    fillThenUnmap(VADDR);
    Shootdown.flushAll(cpus, 0b11, null);
    assertThrows(Faults.Signal.class, () -> cpus[0].loadLong(VADDR));
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
  }

  @Test
  void cpuInTheKernelFindsTheRequestOnReturn() {
    fillThenUnmap(VADDR);
    cpus[1].enterKernel();
    Shootdown.flushPages(cpus, 0b10, cpus[0], 0, VADDR, VADDR + PAGE);
    cpus[1].exitKernel();
    assertThrows(Faults.Signal.class, () -> cpus[1].loadLong(VADDR));
  }

  /** One CPU stores through a mapping that the other takes away and gives to a new owner. */
  @Test
  void noStoreLandsInAFrameOnceItsShootdownHasReturned() throws InterruptedException {
    long[] frames = {tables.newFrame(), tables.newFrame()};
    tables.map(VADDR, frames[0], PageTables.USER_RW);
    AtomicBoolean stop = new AtomicBoolean();
    Cpu storing =
        bootQuiet(
            1,
            (cpu, vaddr, code) -> {
              if (stop.get()) {
                throw new Faults.Signal(vaddr, code);
              }
            });
    Cpu[] pair = {cpus[0], storing};
    Thread target =
        new Thread(
            () -> {
              try {
                while (true) {
                  storing.storeLong(VADDR, -1);
                }
              } catch (Faults.Signal e) {
                return; // unmapped for the last time
              }
            });
    target.start();
    long stray = 0;
    for (int round = 0; round < ROUNDS; round++) {
      tables.map(VADDR, 0, 0);
      Shootdown.flushPages(pair, 0b10, cpus[0], 0, VADDR, VADDR + PAGE);
      long taken = frames[round & 1];
      tables.setContent(taken, 0);
      tables.map(VADDR, frames[(round + 1) & 1], PageTables.USER_RW);
      stray += tables.content(taken);
      for (int spin = 0; spin < 20; spin++) {
        stray += tables.content(taken);
      }
    }
    stop.set(true);
    tables.map(VADDR, 0, 0);
    Shootdown.flushPages(pair, 0b10, cpus[0], 0, VADDR, VADDR + PAGE);
    target.join();
    assertEquals(0, stray);
  }

  private Cpu bootQuiet(int id, FaultHandler handler) {
    Cpu cpu = new Cpu(id, tables.phys, handler);
    cpu.writeCr3(tables.cr3());
    return cpu;
  }

  @Test
  void twoCpusMayShootAtEachOther() throws InterruptedException {
    tables.map(VADDR);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread[] threads = new Thread[2];
    for (int i = 0; i < 2; i++) {
      Cpu self = cpus[i];
      threads[i] =
          new Thread(
              () -> {
                for (int round = 0; round < ROUNDS; round++) {
                  self.storeLong(VADDR + 8L * self.id(), round);
                  Shootdown.flushPages(cpus, 0b11, self, 0, VADDR, VADDR + PAGE);
                }
              });
      threads[i].setUncaughtExceptionHandler((t, e) -> failure.set(e));
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(null, failure.get());
  }

  @Test
  void targetStuckInsideAnAccessIsNamed() {
    cpus[1].mmu.ipi.enter(cpus[1].mmu.block);
    try (ShortDeadline _ = new ShortDeadline()) {
      NoProgressException e =
          assertThrows(NoProgressException.class, () -> Shootdown.flushAll(cpus, 0b11, cpus[0]));
      assertTrue(e.toString().contains("CPU 1"), e.toString());
    }
    cpus[1].mmu.close();
    Shootdown.flushAll(cpus, 0b11, cpus[0]);
  }
}
