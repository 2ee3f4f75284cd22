package org.jmmu.lock;

/** Locks were taken against the written order: a deadlock that has not happened yet. */
public final class LockOrderException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  LockOrderException(String message, Throwable whereHeldWasTaken) {
    super(message, whereHeldWasTaken);
  }
}
