package org.jmmu.sched;

import java.time.Duration;

/**
 * The moment after which a wait is taken for a deadlock. Every blocking wait in jmmu has one, so
 * that a lock-up is an outcome with a message and not a test that hangs.
 */
public final class Deadline {
  /** System property: how long a wait may last. Read whenever a wait starts. */
  public static final String PROPERTY = "jmmu.deadline.millis";

  private static final long DEFAULT_MILLIS = 10_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final long millis;
  private final long endNanos;

  private Deadline(long millis) {
    this.millis = millis;
    this.endNanos = System.nanoTime() + millis * NANOS_PER_MILLI;
  }

  /** The deadline of a wait that starts now. */
  public static Deadline start() {
    return new Deadline(Long.getLong(PROPERTY, DEFAULT_MILLIS));
  }

  /**
   * The deadline of a turn that starts now, for whoever waits for the thread whose turn it is:
   * twice as far away, so that a wait within the turn reports first, as it knows more.
   */
  static Deadline startOfTurn() {
    return new Deadline(2 * Long.getLong(PROPERTY, DEFAULT_MILLIS));
  }

  /** The end of a task that starts now and has {@code limit} of time. */
  public static Deadline in(Duration limit) {
    return new Deadline(limit.toMillis());
  }

  /** How long the wait may last altogether. */
  public long millis() {
    return millis;
  }

  /** What is left, zero or less once the deadline has passed. */
  public long remainingNanos() {
    return endNanos - System.nanoTime();
  }

  public boolean hasPassed() {
    return remainingNanos() <= 0;
  }
}
