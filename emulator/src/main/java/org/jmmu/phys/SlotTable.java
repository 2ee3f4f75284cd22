package org.jmmu.phys;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Type-stable objects, recycled at once: what a kernel slab with SLAB_TYPESAFE_BY_RCU promises. A
 * freed slot keeps its fields until the next owner overwrites them, and its {@link
 * Slot#generationGetAcquire() generation} tells an oracle that it changed hands.
 *
 * <p>The newest free slot is given out first, so that reuse (and with it ABA) is likely.
 */
public final class SlotTable<T extends Slot> {
  private static final int NONE = -1;
  private static final int FIRST_CAPACITY = 16;

  private final IntFunction<T> factory;
  private final AtomicLong freeHead = new AtomicLong(head(0, NONE)); // stamp | index + 1
  private volatile Slot[] slots = new Slot[0]; // grows under this; elements never change
  private int created; // slots made so far; guarded by this

  /**
   * @param factory makes the slot with the given index
   */
  public SlotTable(IntFunction<T> factory) {
    this.factory = factory;
  }

  /** A slot with an odd generation; its fields are whatever its last owner left. */
  public T allocate() {
    T slot = popFree();
    if (slot == null) {
      slot = create();
    }
    slot.generationSetRelease(slot.generationGetAcquire() + 1);
    return slot;
  }

  /**
   * @throws IllegalStateException if the slot is free already
   */
  public void free(T slot) {
    int generation = slot.generationGetAcquire();
    if ((generation & 1) == 0) {
      throw new IllegalStateException("slot " + slot.index() + " freed twice");
    }
    slot.generationSetRelease(generation + 1);
    long old;
    do {
      old = freeHead.get();
      slot.nextFree = indexIn(old);
    } while (!freeHead.compareAndSet(old, head(stampIn(old) + 1, slot.index())));
  }

  /** The slot that a handle names, allocated or not; {@code handle} must not be 0. */
  @SuppressWarnings("unchecked") // only create() fills the array
  public T get(long handle) {
    return (T) slots[Slot.indexOf(handle)];
  }

  /** Slots in use. Exact only while nobody allocates or frees. */
  public int allocated() {
    int count = 0;
    for (Slot slot : slots) {
      if (slot != null) {
        count += slot.generationGetAcquire() & 1;
      }
    }
    return count;
  }

  /** Whether any slot, allocated or not, is of that kind. */
  @SuppressWarnings("unchecked") // as in get
  public boolean anyMatch(Predicate<T> kind) {
    for (Slot slot : slots) {
      if (slot != null && kind.test((T) slot)) {
        return true;
      }
    }
    return false;
  }

  /** The slots that were in use at some moment of the call; others may have come since. */
  @SuppressWarnings("unchecked") // as in get
  public List<T> snapshot() {
    List<T> inUse = new ArrayList<>();
    for (Slot slot : slots) {
      if (slot != null && (slot.generationGetAcquire() & 1) == 1) {
        inUse.add((T) slot);
      }
    }
    return inUse;
  }

  /** Every slot that is in use; nobody may allocate or free meanwhile. */
  @SuppressWarnings("unchecked") // as in get
  public void forEach(Consumer<T> action) {
    for (Slot slot : slots) {
      if (slot != null && (slot.generationGetAcquire() & 1) == 1) {
        action.accept((T) slot);
      }
    }
  }

  /** Frees every slot that is in use; nobody else may be using the table. */
  @SuppressWarnings("unchecked") // as in get
  public void freeAll() {
    for (Slot slot : slots) {
      if (slot != null && (slot.generationGetAcquire() & 1) == 1) {
        free((T) slot);
      }
    }
  }

  @SuppressWarnings("unchecked") // as in get
  private @Nullable T popFree() {
    while (true) {
      long old = freeHead.get();
      int index = indexIn(old);
      if (index == NONE) {
        return null;
      }
      Slot slot = slots[index];
      // The stamp makes a stale nextFree harmless: the exchange fails if anybody popped meanwhile.
      if (freeHead.compareAndSet(old, head(stampIn(old) + 1, slot.nextFree))) {
        return (T) slot;
      }
    }
  }

  private synchronized T create() {
    int index = created++;
    if (index >= 1 << Slot.INDEX_BITS) {
      throw new IllegalStateException("more than " + (1 << Slot.INDEX_BITS) + " slots");
    }
    T slot = factory.apply(index);
    Slot[] old = slots;
    if (index == old.length) {
      Slot[] grown = new Slot[Math.max(FIRST_CAPACITY, old.length * 2)];
      System.arraycopy(old, 0, grown, 0, old.length);
      grown[index] = slot;
      slots = grown;
    } else {
      old[index] = slot;
      slots = old; // volatile store: publishes the element
    }
    return slot;
  }

  private static long head(long stamp, int index) {
    return stamp << 32 | (index + 1L);
  }

  private static int indexIn(long head) {
    return (int) head - 1;
  }

  private static long stampIn(long head) {
    return head >>> 32;
  }
}
