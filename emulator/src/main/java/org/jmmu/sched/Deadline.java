package org.jmmu.sched;

/**
 * The longest that anything in jmmu waits for another thread, so that a defect shows as an
 * exception that names the culprit and not as a hang.
 */
public final class Deadline {
  /** System property, milliseconds. */
  public static final String PROPERTY = "jmmu.deadline.millis";

  private static final long DEFAULT_MILLIS = 10_000;

  private Deadline() {}

  public static long millis() {
    return Long.getLong(PROPERTY, DEFAULT_MILLIS);
  }

  /** A point in {@link System#nanoTime} from now. */
  public static long start() {
    return System.nanoTime() + millis() * 1_000_000;
  }

  public static boolean passed(long deadline) {
    return System.nanoTime() - deadline > 0;
  }
}
