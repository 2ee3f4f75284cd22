package org.jmmu.pgtable;

import org.jmmu.hw.ControlBits;
import org.jmmu.hw.Cpu;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Mm;
import org.jspecify.annotations.Nullable;

/**
 * Which address space each CPU runs. All processes run under PCID 0, so that going from one to
 * another flushes. A CPU that goes idle keeps its translations, as {@link LazyTlb} says.
 *
 * @kernel arch/x86/mm/tlb.c:switch_mm_irqs_off
 */
public final class SwitchMm {
  // While a CPU is idle its CR3 names frame 0, which maps nothing, under a PCID without entries.
  // Linux leaves CR3 alone and has to keep the top table of an exited process for as long.
  private static final long IDLE_CR3 = 1 | ControlBits.CR3_NOFLUSH;

  // Elements n: written and read by CPU n's thread.
  private final @Nullable Mm[] running;
  private final @Nullable Mm[] remembered; // whose translations the TLB may hold

  private final LazyTlb lazyTlb;

  public SwitchMm(int nrCpus) {
    this.running = new Mm[nrCpus];
    this.remembered = new Mm[nrCpus];
    this.lazyTlb = new LazyTlb(nrCpus);
  }

  LazyTlb lazyTlb() {
    return lazyTlb;
  }

  /** The address space that {@code cpu} runs; null if it is idle. */
  public @Nullable Mm running(Cpu cpu) {
    return running[cpu.id()];
  }

  /** Lets {@code cpu} run {@code next}; called by the CPU's thread. */
  public void switchTo(Cpu cpu, Mm next) {
    int id = cpu.id();
    if (running[id] == next) {
      return;
    }
    long cr3 = next.pgdPfn << PhysMemory.PAGE_SHIFT;
    Mm prev = remembered[id];
    running[id] = next;
    remembered[id] = next;
    cpu.exitKernel();
    if (prev == next) {
      boolean flush = lazyTlb.leave(id);
      cpu.writeCr3(flush ? cr3 : cr3 | ControlBits.CR3_NOFLUSH);
      return;
    }
    // Before the first walk: whoever clears an entry later finds this CPU in the mask.
    next.cpumaskSet(id);
    boolean _ = lazyTlb.leave(id); // flushes in any case
    cpu.writeCr3(cr3);
    if (prev != null) {
      prev.cpumaskClear(id);
    }
  }

  /** Lets {@code cpu} run nothing; called by the CPU's thread. */
  public void goIdle(Cpu cpu) {
    int id = cpu.id();
    if (running[id] != null) {
      running[id] = null;
      cpu.writeCr3(IDLE_CR3);
      cpu.enterKernel();
      lazyTlb.enter(id);
    }
  }

  /** Makes {@code cpu} idle and lets it forget what it ran; called while no thread uses it. */
  public void forget(Cpu cpu) {
    goIdle(cpu);
    int id = cpu.id();
    Mm last = remembered[id];
    if (last != null) {
      remembered[id] = null;
      cpu.writeCr3(0);
      last.cpumaskClear(id);
    }
  }
}
