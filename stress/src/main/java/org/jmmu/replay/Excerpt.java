package org.jmmu.replay;

/** The start of a text that stands in a message, such that the message stays one line. */
final class Excerpt {
  private static final int LENGTH = 60;

  private Excerpt() {}

  static String of(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", "?");
    return plain.length() <= LENGTH ? "'" + plain + "'" : "'" + plain.substring(0, LENGTH) + "'...";
  }
}
