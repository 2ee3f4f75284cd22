package org.jmmu.rmap;

import org.jmmu.types.AnonVma;

/** Sees which anon_vma a walk without the page lock goes by; for an oracle. */
public interface AnonVmaWatch {
  /** The walk has the lock of {@code anonVma} for the page. */
  void locked(long pfn, AnonVma anonVma);

  /** The walk is over, and about to unlock. */
  void unlocking(long pfn, AnonVma anonVma);
}
