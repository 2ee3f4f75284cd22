package org.jmmu.era;

import static org.jmmu.mm.Mman.MADV_PAGEOUT;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.PageProbe;
import org.jmmu.sys.Process;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands in page tables while a page is on the move or in a swap area, bit by bit. */
class EntriesOfErasTest {
  private static final int RW = PROT_READ | PROT_WRITE;

  @ParameterizedTest
  @EnumSource
  void pageOnTheMove(Era era) {
    try (Machine machine = Machine.boot(MachineConfig.small().with(era))) {
      PageProbe probe = new PageProbe(machine);
      Process process = machine.spawn();
      long vaddr = mapAndStore(machine, process, 42);
      long pfn = process.isolatePage(vaddr);
      AtomicLong writable = new AtomicLong();
      AtomicLong readOnly = new AtomicLong();
      StepResult run =
          Stepper.of(Schedule.parse("M:migrate.unmapped R:end M:end"))
              .thread(
                  "M", () -> assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(pfn)))
              .thread(
                  "R",
                  () -> {
                    writable.set(probe.pteVal(process, vaddr));
                    process.mprotect(vaddr, PAGE_SIZE, PROT_READ);
                    readOnly.set(probe.pteVal(process, vaddr));
                  })
              .run();
      run.throwIfFailed();
      if (isLow(era)) {
        assertEquals(31 << 1 | pfn << 9, writable.get());
        assertEquals(30 << 1 | pfn << 9, readOnly.get());
      } else {
        // Young and dirty: bits 34 and 35 of the offset.
        long offset = 3L << 34 | pfn;
        assertEquals(27L << 59 | ~offset << 14 >>> 5, writable.get());
        assertEquals(26L << 59 | ~offset << 14 >>> 5, readOnly.get());
      }
      assertEquals(pfn, MigrationEntry.pfn(writable.get()));
      machine.check();
      assertEquals(42, load(machine, process, vaddr));
    }
  }

  @ParameterizedTest
  @EnumSource
  void pageInASwapArea(Era era) {
    try (Machine machine = Machine.boot(MachineConfig.small().with(era))) {
      PageProbe probe = new PageProbe(machine);
      machine.swaponMemory(4);
      Process process = machine.spawn();
      long vaddr = mapAndStore(machine, process, 42);
      process.madvise(vaddr, PAGE_SIZE, MADV_PAGEOUT);
      long pteVal = probe.pteVal(process, vaddr);
      long slot = 1; // behind the header
      long exclusive = 1L << 3;
      assertEquals(isLow(era) ? slot << 9 : ~slot << 14 >>> 5 | exclusive, pteVal);
      assertEquals(slot, SwapPte.offset(pteVal));
      Process child = process.fork();
      machine.check();
      assertEquals(42, load(machine, child, vaddr));
      store(machine, child, vaddr, 43);
      assertEquals(42, load(machine, process, vaddr));
      assertEquals(List.of(), machine.violations());
    }
  }

  private static boolean isLow(Era era) {
    return List.of("2.6.34", "2.6.36", "3.7").contains(era.version());
  }

  private static long mapAndStore(Machine machine, Process process, long value) {
    long vaddr = process.mmap(PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    store(machine, process, vaddr, value);
    return vaddr;
  }

  private static void store(Machine machine, Process process, long vaddr, long value) {
    Cpu cpu = process.runOn(machine.cpu(0));
    cpu.storeLong(vaddr, value);
    process.leave(cpu);
  }

  private static long load(Machine machine, Process process, long vaddr) {
    Cpu cpu = process.runOn(machine.cpu(0));
    try {
      return cpu.loadLong(vaddr);
    } finally {
      process.leave(cpu);
    }
  }
}
