package org.jmmu.hw.vectors;

/** Text of a file as a message can show it: of the wrong file it may be anything. */
final class Quote {
  private static final int LONGEST = 60;

  private Quote() {}

  /** In quotation marks, on one line, without what a terminal would take for commands. */
  static String of(String text) {
    String start = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    return "'" + start.replaceAll("[^ -~]", "?") + "'";
  }
}
