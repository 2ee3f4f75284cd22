package org.jmmu.pgtable;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * CPUs that run nothing and keep what their TLB holds of the process that ran last, because it may
 * be the one that runs next. Nobody interrupts such a CPU: a shootdown leaves word, and the CPU
 * flushes when it goes on.
 *
 * <pre>
 *             enter             spare             leave
 *   RUNNING --------&gt; LAZY --------&gt; STALE --------&gt; RUNNING, and flush
 *                        \-------------------------&gt; RUNNING     leave
 * </pre>
 *
 * Linux compares generations instead, which tell it how much to flush; without PCIDs there is one
 * way to flush.
 *
 * @kernel arch/x86/mm/tlb.c:enter_lazy_tlb
 * @kernel arch/x86/mm/tlb.c:should_flush_tlb
 */
final class LazyTlb {
  private static final int RUNNING = 0;
  private static final int LAZY = 1;
  private static final int STALE = 2;

  private final AtomicIntegerArray states; // by CPU; RUNNING to LAZY and back: its thread only

  LazyTlb(int nrCpus) {
    states = new AtomicIntegerArray(nrCpus);
  }

  /**
   * The CPU stops running its process; called by its thread, which makes no access until it leaves.
   */
  void enter(int cpu) {
    states.set(cpu, LAZY);
  }

  /**
   * The CPU runs a process again; called by its thread.
   *
   * @return whether it must flush first
   */
  boolean leave(int cpu) {
    // One exchange decides: a shooter that comes later finds the CPU running, and one that came
    // earlier has its page-table stores seen by every walk from here on.
    return states.getAndSet(cpu, RUNNING) == STALE;
  }

  /** Called by a shooter: whether the CPU will flush by itself before it uses its TLB again. */
  boolean spare(int cpu) {
    return states.compareAndExchange(cpu, LAZY, STALE) != RUNNING;
  }
}
