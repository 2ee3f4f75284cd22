package org.jmmu.phys;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An object of a {@link SlotTable}: recycled, never given back to the garbage collector, so that a
 * stale handle reaches a live but foreign object, as with SLAB_TYPESAFE_BY_RCU.
 */
public abstract class Slot {
  /** Low bits of a handle that carry tags, such as {@link PageFlags#PAGE_MAPPING_ANON}. */
  public static final int TAG_BITS = 2;

  static final int INDEX_BITS = 24;
  private static final long TAG_MASK = (1L << TAG_BITS) - 1;
  private static final VarHandle GENERATION =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "generation", VarHandle.class, Slot.class, int.class);

  private final int index; // position in the table; immutable

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int generation; // odd while allocated; opaque, written by the table

  int nextFree; // free list of the table; guarded by its head's cmpxchg

  protected Slot(int index) {
    this.index = index;
  }

  final int index() {
    return index;
  }

  /** Odd while the slot is allocated; grows with every allocation and every free. */
  public final int generationGetAcquire() {
    return (int) GENERATION.getAcquire(this);
  }

  final void generationSetRelease(int value) {
    GENERATION.setRelease(this, value);
  }

  /** Word that names this slot; tag bits are zero, never 0 as a whole. */
  public final long handle() {
    return (index + 1L) << TAG_BITS;
  }

  /** The tag bits of a handle. */
  public static long tag(long handle) {
    return handle & TAG_MASK;
  }

  static int indexOf(long handle) {
    return (int) (handle >>> TAG_BITS) - 1;
  }
}
