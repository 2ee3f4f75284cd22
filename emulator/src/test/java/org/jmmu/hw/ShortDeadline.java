package org.jmmu.hw;

/** Makes waits that a test expects to fail do so quickly. */
final class ShortDeadline implements AutoCloseable {
  private static final String MILLIS = "50";

  ShortDeadline() {
    System.setProperty(Deadline.PROPERTY, MILLIS);
  }

  @Override
  public void close() {
    System.clearProperty(Deadline.PROPERTY);
  }
}
