package org.jmmu.lock;

/**
 * A lock was taken against the written order. No thread need have waited for it: the same two
 * acquisitions in two threads can deadlock.
 */
public final class LockOrderException extends RuntimeException {
  private static final long serialVersionUID = 1;

  LockOrderException(String message) {
    super(message);
  }
}
