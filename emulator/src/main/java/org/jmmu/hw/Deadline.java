package org.jmmu.hw;

/**
 * The longest that anything in this package waits, so that a defect shows as an exception that
 * names the culprit and not as a hang.
 */
final class Deadline {
  /** System property, milliseconds. */
  static final String PROPERTY = "jmmu.deadline.millis";

  private static final long DEFAULT_MILLIS = 10_000;

  private Deadline() {}

  static long millis() {
    return Long.getLong(PROPERTY, DEFAULT_MILLIS);
  }

  /** A point in {@link System#nanoTime} from now. */
  static long start() {
    return System.nanoTime() + millis() * 1_000_000;
  }

  static boolean passed(long deadline) {
    return System.nanoTime() - deadline > 0;
  }
}
