package org.jmmu.lock;

/** What an exception says; an exception without a message fails the test that asks. */
final class Thrown {
  private Thrown() {}

  static String message(Throwable thrown) {
    String message = thrown.getMessage();
    if (message == null) {
      throw new AssertionError("no message", thrown);
    }
    return message;
  }
}
