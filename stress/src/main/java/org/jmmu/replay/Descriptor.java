package org.jmmu.replay;

import org.jspecify.annotations.Nullable;

/**
 * A descriptor as {@code -y} prints it: {@code 3</path>}, {@code 3</path>(deleted)}, or a bare
 * number where strace could not tell.
 *
 * @param path as {@code /proc/PID/maps} would show it; empty if unknown
 */
record Descriptor(int fd, String path) {
  /** Null if {@code text} is no descriptor. */
  static @Nullable Descriptor parse(String text) {
    int open = text.indexOf('<');
    String number = open < 0 ? text.strip() : text.substring(0, open);
    if (!number.matches("-?\\d{1,9}")) {
      return null;
    }
    int fd = Integer.parseInt(number);
    int close = text.lastIndexOf('>');
    if (open < 0 || close < open) {
      return new Descriptor(fd, "");
    }
    String path = Escapes.undo(text.substring(open + 1, close));
    boolean deleted = text.startsWith("(deleted)", close + 1);
    return new Descriptor(fd, deleted ? path + TraceFiles.DELETED : path);
  }
}
