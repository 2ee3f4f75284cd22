package org.jmmu.types;

import org.jspecify.annotations.Nullable;

/**
 * Says that pages of one {@link AnonVma} may be mapped in one {@link Vma}. It stands on two lists:
 * the VMA's (which anon_vmas?) and the anon_vma's (which VMAs?); the latter is a tree from Linux
 * 3.7 on.
 *
 * @kernel include/linux/rmap.h:struct anon_vma_chain
 */
public final class AnonVmaChain extends IntervalTree.Node<AnonVmaChain> {
  /** Immutable. */
  public final Vma vma;

  /** Immutable. */
  public final AnonVma anonVma;

  private @Nullable AnonVmaChain sameVmaPrev; // guard: see Vma.anonVmaChain
  private @Nullable AnonVmaChain sameVmaNext; // guard: see Vma.anonVmaChain
  @Nullable AnonVmaChain sameAnonVmaPrev; // guarded by the anon_vma's lock
  @Nullable AnonVmaChain sameAnonVmaNext; // guarded by the anon_vma's lock

  public AnonVmaChain(Vma vma, AnonVma anonVma) {
    this.vma = vma;
    this.anonVma = anonVma;
  }

  /** The one behind it on its anon_vma's list; the caller holds that anon_vma's lock. */
  public @Nullable AnonVmaChain sameAnonVmaNextLocked() {
    return sameAnonVmaNext;
  }

  /** Towards the oldest anon_vma of the VMA. */
  public @Nullable AnonVmaChain sameVmaNext() {
    return sameVmaNext;
  }

  /** Towards the VMA's own, newest anon_vma. */
  public @Nullable AnonVmaChain sameVmaPrev() {
    return sameVmaPrev;
  }

  /** The anon_vmas of one VMA, newest first: its own at the head, its oldest ancestor's last. */
  public static final class List {
    private @Nullable AnonVmaChain head;
    private @Nullable AnonVmaChain tail;

    public @Nullable AnonVmaChain head() {
      return head;
    }

    public @Nullable AnonVmaChain tail() {
      return tail;
    }

    public boolean isSingular() {
      return head != null && head == tail;
    }

    public void addHead(AnonVmaChain avc) {
      avc.sameVmaNext = head;
      if (head == null) {
        tail = avc;
      } else {
        head.sameVmaPrev = avc;
      }
      head = avc;
    }

    /** Takes the head off and returns it; null if the list is empty. */
    public @Nullable AnonVmaChain removeHead() {
      AnonVmaChain avc = head;
      if (avc == null) {
        return null;
      }
      AnonVmaChain next = avc.sameVmaNext;
      head = next;
      if (next == null) {
        tail = null;
      } else {
        next.sameVmaPrev = null;
      }
      avc.sameVmaNext = null;
      return avc;
    }
  }
}
