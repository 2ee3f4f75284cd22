package org.jmmu.types;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jmmu.phys.Slot;
import org.jspecify.annotations.Nullable;

/**
 * Anchor of the reverse map for anonymous pages: {@code page.mapping} names it, and its links name
 * the VMAs that may map the page. A fork makes a child anon_vma with the same root.
 *
 * <p>Up to Linux 3.6 the links are a list, oldest first; from then on a tree. The machine's
 * protocol decides which of the two it fills.
 *
 * <p>Slots are recycled at once (SLAB_TYPESAFE_BY_RCU): a walker that holds no reference may meet
 * another owner's data here.
 *
 * @kernel include/linux/rmap.h:struct anon_vma
 */
public final class AnonVma extends Slot {
  private static final VarHandle REFCOUNT =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "refcount", VarHandle.class, AnonVma.class, int.class);

  /** Own lock. From 2.6.36 on only the root's is ever taken; immutable. */
  public final RwSem rwsem = new RwSem(LockClass.ANON_VMA);

  private AnonVma root = this; // written by init only

  @SuppressWarnings("UnusedVariable") // read through its VarHandle
  private int refcount; // users: any links, children of a root, pins

  /** Links by the pages of their VMAs; guarded by the lock. */
  public final IntervalTree<AnonVmaChain> rbRoot = new IntervalTree<>();

  private @Nullable AnonVmaChain head; // guarded by the lock
  private @Nullable AnonVmaChain tail; // guarded by the lock

  public AnonVma(int slot) {
    super(slot);
  }

  /** Makes a recycled slot a new anon_vma with one reference; {@code root} null means itself. */
  public void init(@Nullable AnonVma root) {
    this.root = root == null ? this : root;
    this.head = null;
    this.tail = null;
    this.rbRoot.clear();
    REFCOUNT.setRelease(this, 1);
  }

  /** The oldest ancestor: the anon_vma of the first process of the fork tree. */
  public AnonVma root() {
    return root;
  }

  public int refcountGetAcquire() {
    return (int) REFCOUNT.getAcquire(this);
  }

  public int refcountGetAndAdd(int delta) {
    return (int) REFCOUNT.getAndAdd(this, delta);
  }

  /** One user more, unless there is none; then the slot is free, or about to be. */
  public boolean getUnlessZero() {
    int count = refcountGetAcquire();
    while (count != 0) {
      int witness = (int) REFCOUNT.compareAndExchange(this, count, count + 1);
      if (witness == count) {
        return true;
      }
      count = witness;
    }
    return false;
  }

  /** Whether no VMA has pages of it; the caller holds the lock. */
  public boolean isEmptyLocked() {
    return head == null && rbRoot.size() == 0;
  }

  /** Whether a walk for the page {@code index} comes by {@code vma}; the caller holds the lock. */
  public boolean leadsToLocked(Vma vma, long index) {
    AnonVmaChain avc = head;
    while (avc != null && avc.vma != vma) {
      avc = avc.sameAnonVmaNext;
    }
    if (avc == null) {
      avc = rbRoot.firstOverlap(index, index);
      while (avc != null && avc.vma != vma) {
        avc = rbRoot.nextOverlap(avc, index, index);
      }
    }
    return avc != null;
  }

  /** The first of all VMAs, whatever pages they cover; the caller holds the lock. */
  public @Nullable AnonVmaChain firstLocked() {
    return head != null ? head : rbRoot.firstOverlap(0, Long.MAX_VALUE);
  }

  /** The one behind {@code avc}, as {@link #firstLocked}. */
  public @Nullable AnonVmaChain nextLocked(AnonVmaChain avc) {
    return head != null ? avc.sameAnonVmaNext : rbRoot.nextOverlap(avc, 0, Long.MAX_VALUE);
  }

  /** First VMA of the list; the caller holds the lock. */
  public @Nullable AnonVmaChain headLocked() {
    return head;
  }

  /** Appends: a walker visits VMAs in the order in which they joined. The caller holds the lock. */
  public void addTailLocked(AnonVmaChain avc) {
    avc.sameAnonVmaPrev = tail;
    avc.sameAnonVmaNext = null;
    if (tail == null) {
      head = avc;
    } else {
      tail.sameAnonVmaNext = avc;
    }
    tail = avc;
  }

  /** The caller holds the lock. */
  public void removeLocked(AnonVmaChain avc) {
    AnonVmaChain prev = avc.sameAnonVmaPrev;
    AnonVmaChain next = avc.sameAnonVmaNext;
    if (prev == null) {
      head = next;
    } else {
      prev.sameAnonVmaNext = next;
    }
    if (next == null) {
      tail = prev;
    } else {
      next.sameAnonVmaPrev = prev;
    }
  }
}
