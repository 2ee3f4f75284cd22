package org.jmmu.differential;

import java.util.Locale;

/** Takes down the state of a process: as a hash, and if wanted as text. The same as in peer.c. */
final class StateRecorder {
  private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

  private final StringBuilder text = new StringBuilder();
  private long hash;
  private boolean describing;

  void start(boolean isTextWanted) {
    hash = 0;
    describing = isTextWanted;
  }

  void record(long value) {
    hash = (hash ^ value) * MULTIPLIER;
    hash ^= hash >>> 32;
  }

  boolean isDescribing() {
    return describing;
  }

  @SuppressWarnings("AnnotateFormatMethod") // tests do not compile against its annotation
  void describe(String format, Object... arguments) {
    if (describing) {
      text.append(String.format(Locale.ROOT, format, arguments));
    }
  }

  long hash() {
    return hash;
  }

  String text() {
    return text.toString();
  }
}
