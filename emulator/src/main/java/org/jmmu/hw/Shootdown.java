package org.jmmu.hw;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Flushes the TLBs of several CPUs. When a method that flushes returns, no target uses a
 * translation that was removed from the page tables before the call: neither a later access nor one
 * that was under way. The scheme is drawn in the package documentation.
 *
 * <p>A mask has bit {@code i} set for {@code cpus[i]}, as mm_cpumask. The caller's own CPU, if it
 * runs on one, is flushed directly and needs no interrupt. Callers may hold kernel locks; targets
 * need none to answer. Two CPUs may shoot at each other.
 *
 * <p>The two phases are there separately for callers that use another PCID for the same address
 * space on each CPU: post to each, then {@link #sync} once.
 */
public final class Shootdown {
  private Shootdown() {}

  /** Flushes {@code [start, end)} of one PCID, with global entries for these pages. */
  public static void flushPages(
      Cpu[] cpus, long mask, @Nullable Cpu self, int pcid, long start, long end) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      postPages(target(cpus, rest), self, pcid, start, end);
    }
    sync(cpus, mask, self);
  }

  /** Flushes all entries of one PCID but global ones. */
  public static void flushPcid(Cpu[] cpus, long mask, @Nullable Cpu self, int pcid) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      postPcid(target(cpus, rest), self, pcid);
    }
    sync(cpus, mask, self);
  }

  /** Flushes everything. */
  public static void flushAll(Cpu[] cpus, long mask, @Nullable Cpu self) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      postAll(target(cpus, rest), self);
    }
    sync(cpus, mask, self);
  }

  public static void postPages(Cpu target, @Nullable Cpu self, int pcid, long start, long end) {
    if (target == self) {
      target.mmu.tlb.flushPages(pcid, start, end);
    } else {
      target.mmu.ipi.postPages(pcid, start, end);
    }
  }

  public static void postPcid(Cpu target, @Nullable Cpu self, int pcid) {
    if (target == self) {
      target.mmu.tlb.flushPcid(pcid);
    } else {
      target.mmu.ipi.postPcid(pcid);
    }
  }

  public static void postAll(Cpu target, @Nullable Cpu self) {
    if (target == self) {
      target.mmu.tlb.flushAll();
    } else {
      target.mmu.ipi.postAll();
    }
  }

  /**
   * Makes everything posted so far to the CPUs of {@code mask} effective. Does not wait until they
   * have flushed: they do so before they next use their TLB.
   *
   * @throws NoProgressException if a target stays inside one access past the deadline
   */
  public static void sync(Cpu[] cpus, long mask, @Nullable Cpu self) {
    long others = self == null ? mask : mask & ~(1L << self.id());
    if (others == 0) {
      return;
    }
    // Orders the posted requests before the look at each target's mode: pairs with exitKernel.
    VarHandle.fullFence();
    for (long rest = others; rest != 0; rest &= rest - 1) {
      if (target(cpus, rest).mmu.ipi.userModeGetAcquire()) {
        // One call serves all targets.
        Membarrier.barrier();
        break;
      }
    }
    for (long rest = others; rest != 0; rest &= rest - 1) {
      target(cpus, rest).mmu.ipi.awaitOutside();
    }
  }

  private static Cpu target(Cpu[] cpus, long mask) {
    return cpus[Long.numberOfTrailingZeros(mask)];
  }
}
