package org.jmmu.sched;

/**
 * A wait that would not have ended: its deadline passed, or all stepped threads wait for each
 * other. The message says what was waited for and who holds what.
 */
public final class DeadlockException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public DeadlockException(String message) {
    super(message);
  }
}
