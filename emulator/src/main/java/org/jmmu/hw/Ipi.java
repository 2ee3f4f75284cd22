package org.jmmu.hw;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The inter-processor interrupt line of one CPU: flush requests that others have posted, and
 * whether the CPU is inside an access at this moment. The scheme is drawn in the package
 * documentation.
 *
 * <p>A request is a bit of {@code pending} and three words of {@code slots}. Posters claim a slot,
 * fill it and then set its bit; the owner takes all bits at once, so that no order among posters
 * matters and none of them ever waits for another. With all slots claimed, the bit {@link #ALL}
 * stands for a flush of everything.
 */
final class Ipi {
  private static final int SLOTS = 32;
  private static final long SLOT_BITS = (1L << SLOTS) - 1;
  private static final long ALL = 1L << SLOTS;
  private static final int WORDS_PER_SLOT = 3;
  private static final int SPINS_PER_YIELD = 64;

  // Kinds of request, in the first word of a slot above the PCID.
  private static final long KIND_PAGES = 1L << 12;
  private static final long KIND_PCID = 2L << 12;

  private static final VarHandle PENDING = field("pending", long.class);
  private static final VarHandle CLAIMED = field("claimed", long.class);
  private static final VarHandle SECTION = field("section", long.class);
  private static final VarHandle USER_MODE = field("userMode", boolean.class);

  private final int cpu; // immutable
  private final long[] slots = new long[SLOTS * WORDS_PER_SLOT]; // a slot: its claimer, then owner

  @SuppressWarnings("unused") // PENDING
  private long pending;

  @SuppressWarnings("unused") // CLAIMED
  private long claimed;

  /** Odd inside an access; written by the owner only. */
  @SuppressWarnings("unused") // SECTION
  private long section;

  /** Whether the owner's accesses rely on the shooter's membarrier; written by the owner only. */
  private boolean userMode = true;

  Ipi(int cpu) {
    this.cpu = cpu;
  }

  private static VarHandle field(String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(Ipi.class, name, type).withInvokeExactBehavior();
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // The owner's side.

  /** Whether a request waits; acquire, because what the poster did before it must be seen. */
  boolean pendingGetAcquire() {
    return (long) PENDING.getAcquire(this) != 0;
  }

  /**
   * Starts an access section: a shooter that comes after this waits for {@link #leave}, one that
   * came before has its request seen by the next {@link #pendingGetAcquire}.
   *
   * @return to be given to {@link #leave}
   */
  long enter() {
    long inside = (long) SECTION.get(this) | 1;
    SECTION.setOpaque(this, inside);
    if (Membarrier.AVAILABLE && userMode) {
      // No instruction on x86. Keeps the JIT from moving a load of the section above the store;
      // the CPU's own reordering is undone by the shooter's membarrier.
      VarHandle.releaseFence();
      VarHandle.acquireFence();
    } else {
      VarHandle.fullFence();
    }
    return inside;
  }

  /** Release: the accesses of the section are done before the shooter goes on. */
  void leave(long inside) {
    SECTION.setRelease(this, inside + 1);
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
    long taken = (long) PENDING.getAndSet(this, 0L);
    if ((taken & ALL) != 0) {
      tlb.flushAll();
    } else {
      for (long rest = taken; rest != 0; rest &= rest - 1) {
        deliverOne(tlb, Long.numberOfTrailingZeros(rest) * WORDS_PER_SLOT);
      }
    }
    // After the slots are read: a poster may fill them again from here on.
    long unusedBits = (long) CLAIMED.getAndBitwiseAnd(this, ~taken);
    assert (unusedBits & taken & SLOT_BITS) == (taken & SLOT_BITS);
    return Long.bitCount(taken);
  }

  private void deliverOne(Tlb tlb, int slot) {
    long word = slots[slot];
    int pcid = (int) (word & ControlBits.CR3_PCID);
    if ((word & KIND_PAGES) != 0) {
      tlb.flushPages(pcid, slots[slot + 1], slots[slot + 2]);
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
    long before = (long) PENDING.getAndBitwiseOr(this, ALL);
    assert (before & ~(ALL | SLOT_BITS)) == 0;
  }

  private void post(long word, long start, long end) {
    for (; ; ) {
      long taken = (long) CLAIMED.getAcquire(this);
      long free = ~taken & SLOT_BITS;
      if (free == 0) {
        postAll();
        return;
      }
      long bit = Long.lowestOneBit(free);
      if (CLAIMED.compareAndSet(this, taken, taken | bit)) {
        int slot = Long.numberOfTrailingZeros(bit) * WORDS_PER_SLOT;
        slots[slot] = word;
        slots[slot + 1] = start;
        slots[slot + 2] = end;
        long before = (long) PENDING.getAndBitwiseOr(this, bit);
        assert (before & bit) == 0;
        return;
      }
    }
  }

  /** Whether the owner's sections need a membarrier to be seen. */
  boolean userModeGetAcquire() {
    return (boolean) USER_MODE.getAcquire(this);
  }

  /** Waits until the access that was under way, if one was, is over. */
  @SuppressWarnings("ThreadPriorityCheck") // yields to a target that was descheduled
  void awaitOutside() {
    long seen = (long) SECTION.getAcquire(this);
    if ((seen & 1) == 0) {
      return;
    }
    long deadline = Deadline.start();
    for (int spins = 1; (long) SECTION.getAcquire(this) == seen; spins++) {
      Thread.onSpinWait();
      if (spins % SPINS_PER_YIELD == 0) {
        // The target may have been descheduled inside its access, perhaps in favour of this thread.
        Thread.yield();
        if (Deadline.passed(deadline)) {
          throw new NoProgressException(
              "shootdown: CPU %d did not finish its access within %d ms"
                  .formatted(cpu, Deadline.millis()));
        }
      }
    }
  }
}
