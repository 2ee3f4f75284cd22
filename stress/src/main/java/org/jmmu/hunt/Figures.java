package org.jmmu.hunt;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How numbers are shown to people, in the table and on the page alike. */
final class Figures {
  private static final String NONE = "-";

  private Figures() {}

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String rate(double perSecond) {
    return count(Math.round(perSecond));
  }

  static String millis(long millis) {
    if (millis < 1_000) {
      return millis + " ms";
    }
    return String.format(Locale.ROOT, "%.1f s", millis / 1e3);
  }

  static String load(double load) {
    return String.format(Locale.ROOT, "%.1f", load);
  }

  static String first(@Nullable FirstWitness witness) {
    return witness == null ? NONE : millis(witness.millis());
  }

  static String schedules(@Nullable Verification verification) {
    return verification == null ? NONE : count(verification.schedules());
  }

  static String preemptions(@Nullable Verification verification) {
    if (verification == null) {
      return NONE;
    }
    FoundSchedule found = verification.found();
    return found != null
        ? "lost with " + found.preemptions()
        : "none with <= " + verification.preemptions();
  }

  static String bound(@Nullable Double share) {
    return share == null ? NONE : String.format(Locale.ROOT, "%.1e", share);
  }
}
