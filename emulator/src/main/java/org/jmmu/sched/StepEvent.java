package org.jmmu.sched;

/**
 * How a turn ended.
 *
 * @param detail the pause point, the lock, or the exception that ended the thread
 */
public record StepEvent(Kind kind, String detail) {
  /** What ended the turn. */
  public enum Kind {
    /** The thread came to the pause point. */
    REACHED,
    /** The thread needs a lock that another one holds; it tries again at its next turn. */
    BLOCKED,
    /** The thread finished. */
    ENDED
  }

  @Override
  public String toString() {
    return switch (kind) {
      case REACHED -> detail;
      case BLOCKED -> "waits for " + detail;
      case ENDED -> detail.isEmpty() ? "end" : "end: " + detail;
    };
  }
}
