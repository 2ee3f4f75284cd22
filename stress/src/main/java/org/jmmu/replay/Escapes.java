package org.jmmu.replay;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The backslash escapes of strings and paths that strace prints: C's, and octal bytes. */
final class Escapes {
  private static final String LETTERS = "abtnvfr\"\\<>";
  private static final String MEANINGS = "\007\b\t\n\013\f\r\"\\<>";

  private Escapes() {}

  static String undo(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int at = 0; at < text.length(); ) {
      char c = text.charAt(at);
      if (c != '\\' || at + 1 == text.length()) {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
        at++;
        continue;
      }
      int letter = LETTERS.indexOf(text.charAt(at + 1));
      if (letter >= 0) {
        bytes.write(MEANINGS.charAt(letter));
        at += 2;
        continue;
      }
      int end = at + 1;
      int octal = 0;
      while (end < text.length()
          && end < at + 4
          && text.charAt(end) >= '0'
          && text.charAt(end) <= '7') {
        octal = octal * 8 + text.charAt(end) - '0';
        end++;
      }
      bytes.write(end == at + 1 ? '\\' : octal);
      at = Math.max(end, at + 1);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
