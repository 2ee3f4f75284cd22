package org.jmmu.sched;

/** Makes waits that start meanwhile end soon, for tests of what happens then. */
public final class ShortDeadline implements AutoCloseable {
  private static final String MILLIS = "50";

  public ShortDeadline() {
    System.setProperty(Deadline.PROPERTY, MILLIS);
  }

  @Override
  public void close() {
    System.clearProperty(Deadline.PROPERTY);
  }
}
