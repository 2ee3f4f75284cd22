package org.jmmu.hw;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;

/**
 * The inter-processor interrupt line of one CPU: flush requests that others have posted, and
 * whether the CPU is inside an access at this moment. The scheme is drawn in the package
 * documentation; the words are in the {@link CpuBlock}.
 *
 * <p>A request is a bit of {@code pending} and three words. Posters claim a slot, fill it and then
 * set its bit; the owner takes all bits at once, so that no order among posters matters and none of
 * them ever waits for another. With all slots claimed, the bit {@link #ALL} stands for a flush of
 * everything.
 */
final class Ipi {
  private static final long SLOT_BITS = (1L << CpuBlock.REQUESTS) - 1;
  private static final long ALL = 1L << CpuBlock.REQUESTS;
  private static final int SPINS_PER_YIELD = 64;

  // Kinds of request, in its first word above the PCID; the others are start and end.
  private static final long KIND_PAGES = 1L << 12;
  private static final long KIND_PCID = 2L << 12;

  private static final VarHandle USER_MODE = userModeHandle();

  private final int cpu; // immutable
  private final long block; // immutable

  /** Whether the owner's accesses rely on the shooter's membarrier; written by the owner only. */
  private boolean userMode = true;

  Ipi(int cpu, long block) {
    this.cpu = cpu;
    this.block = block;
  }

  private static VarHandle userModeHandle() {
    try {
      return MethodHandles.lookup()
          .findVarHandle(Ipi.class, "userMode", boolean.class)
          .withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // The owner's side.

  /** Whether a request waits; acquire, because what the poster did before it must be seen. */
  boolean pendingGetAcquire() {
    return CpuBlock.pendingGetAcquire(block) != 0;
  }

  /**
   * Starts an access section: a shooter that comes after this waits for {@link
   * CpuBlock#sectionLeaveRelease}, one that came before has its request seen by the next {@link
   * #pendingGetAcquire}.
   */
  void enter(long checkedBlock) {
    CpuBlock.sectionEnterOpaque(checkedBlock);
    if (Membarrier.AVAILABLE && userMode) {
      // No instruction on x86. Keeps the JIT from moving a load of the section above the store;
      // the CPU's own reordering is undone by the shooter's membarrier.
      VarHandle.releaseFence();
      VarHandle.acquireFence();
    } else {
      VarHandle.fullFence();
    }
  }

  /** From here on sections carry their own fence, and shooters need no membarrier for this CPU. */
  void enterKernel() {
    USER_MODE.setRelease(this, false);
  }

  /**
   * Sections become cheap again. Pairs with the fence in {@link Shootdown}: either the shooter sees
   * user mode and issues its membarrier, or the next access here sees the request.
   */
  void exitKernel() {
    USER_MODE.setOpaque(this, true);
    VarHandle.fullFence();
  }

  /** Flushes what was asked for; returns how many requests there were. */
  int deliver(Tlb tlb) {
    long taken = CpuBlock.pendingXchg(block, 0);
    if ((taken & ALL) != 0) {
      tlb.flushAll();
    } else {
      for (long rest = taken; rest != 0; rest &= rest - 1) {
        deliverOne(tlb, Long.numberOfTrailingZeros(rest));
      }
    }
    // After the requests are read: a poster may fill them again from here on.
    CpuBlock.claimedGetAndClear(block, taken);
    return Long.bitCount(taken);
  }

  private void deliverOne(Tlb tlb, int request) {
    long word = CpuBlock.requestGetPlain(block, request, 0);
    int pcid = (int) (word & ControlBits.CR3_PCID);
    if ((word & KIND_PAGES) != 0) {
      long start = CpuBlock.requestGetPlain(block, request, 1);
      long end = CpuBlock.requestGetPlain(block, request, 2);
      tlb.flushPages(pcid, start, end);
    } else {
      tlb.flushPcid(pcid);
    }
  }

  // The shooter's side.

  void postPages(int pcid, long start, long end) {
    post(KIND_PAGES | pcid, start, end);
  }

  void postPcid(int pcid) {
    post(KIND_PCID | pcid, 0, 0);
  }

  void postAll() {
    CpuBlock.pendingGetAndOr(block, ALL);
  }

  private void post(long word, long start, long end) {
    for (; ; ) {
      long claimed = CpuBlock.claimedGetAcquire(block);
      long free = ~claimed & SLOT_BITS;
      if (free == 0) {
        postAll();
        return;
      }
      long bit = Long.lowestOneBit(free);
      if (CpuBlock.claimedCas(block, claimed, claimed | bit)) {
        int request = Long.numberOfTrailingZeros(bit);
        CpuBlock.requestSetPlain(block, request, 0, word);
        CpuBlock.requestSetPlain(block, request, 1, start);
        CpuBlock.requestSetPlain(block, request, 2, end);
        CpuBlock.pendingGetAndOr(block, bit);
        return;
      }
    }
  }

  /** Whether the owner's sections need a membarrier to be seen. */
  boolean userModeGetAcquire() {
    return (boolean) USER_MODE.getAcquire(this);
  }

  /**
   * Waits until the CPU is seen outside its section. One that makes access after access may be seen
   * inside again and again, but each of those has looked at {@code pending} and done nothing else.
   */
  @SuppressWarnings("ThreadPriorityCheck") // yields to a target that was descheduled
  void awaitOutside() {
    Deadline deadline = null;
    for (int spins = 1; CpuBlock.sectionInsideGetAcquire(block); spins++) {
      if (PausePoint.blocked("CPU " + cpu)) {
        continue;
      }
      Thread.onSpinWait();
      if (spins % SPINS_PER_YIELD != 0) {
        continue;
      }
      // The target may have been descheduled inside its access, perhaps in favour of this thread.
      Thread.yield();
      if (deadline == null) {
        deadline = Deadline.start();
      } else if (deadline.hasPassed()) {
        throw new NoProgressException(
            "shootdown: CPU %d did not finish its access within %d ms"
                .formatted(cpu, deadline.millis()));
      }
    }
    PausePoint.unblocked();
  }
}
