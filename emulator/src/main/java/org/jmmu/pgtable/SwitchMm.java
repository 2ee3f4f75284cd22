package org.jmmu.pgtable;

import org.jmmu.hw.Cpu;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Mm;
import org.jspecify.annotations.Nullable;

/**
 * Which address space each CPU runs.
 *
 * @kernel arch/x86/mm/tlb.c:switch_mm_irqs_off
 */
public final class SwitchMm {
  private final @Nullable Mm[] running; // element n: written and read by CPU n's thread

  public SwitchMm(int nrCpus) {
    this.running = new Mm[nrCpus];
  }

  /** The address space that {@code cpu} runs; null if it is idle. */
  public @Nullable Mm running(Cpu cpu) {
    return running[cpu.id()];
  }

  /** Lets {@code cpu} run {@code next}, null for nothing; called by the CPU's thread. */
  public void switchTo(Cpu cpu, @Nullable Mm next) {
    Mm prev = running[cpu.id()];
    if (prev == next) {
      return;
    }
    running[cpu.id()] = next;
    if (next != null) {
      // Before the first walk: whoever clears an entry later finds this CPU in the mask.
      next.cpumaskSet(cpu.id());
      cpu.writeCr3(next.pgdPfn << PhysMemory.PAGE_SHIFT);
    } else {
      cpu.writeCr3(0); // flushes; the reserved frame 0 maps nothing
    }
    if (prev != null) {
      prev.cpumaskClear(cpu.id());
    }
  }
}
