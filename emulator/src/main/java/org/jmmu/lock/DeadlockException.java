package org.jmmu.lock;

import org.jmmu.sched.Deadline;

/** A lock was not to be had before the deadline; the message says who holds what. */
public final class DeadlockException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  DeadlockException(String lock, String holder) {
    super(
        "waited %d ms for %s, held by %s%s"
            .formatted(Deadline.millis(), lock, holder, LockOrderChecker.describeAll()));
  }
}
