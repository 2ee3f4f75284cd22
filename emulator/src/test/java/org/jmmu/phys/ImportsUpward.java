package org.jmmu.phys;

import org.jmmu.lock.RwSem;

/** What the layers forbid; a test that allows it is broken. */
public final class ImportsUpward {
  private ImportsUpward() {}

  static boolean isLocked(RwSem sem) {
    return sem.isLocked();
  }
}
