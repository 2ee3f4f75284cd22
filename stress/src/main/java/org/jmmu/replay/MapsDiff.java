package org.jmmu.replay;

import java.util.ArrayList;
import java.util.List;

/** Two lists of maps side by side, in address order. */
final class MapsDiff {
  private final List<String> lines = new ArrayList<>();
  private final int total;
  private int equal;

  MapsDiff(List<MapsLine> expected, List<MapsLine> emulated) {
    total = Math.max(expected.size(), emulated.size());
    int at = 0;
    for (MapsLine wanted : expected) {
      while (at < emulated.size()
          && Long.compareUnsigned(emulated.get(at).start(), wanted.start()) < 0) {
        lines.add("+" + emulated.get(at++));
      }
      if (at < emulated.size() && wanted.matches(emulated.get(at))) {
        equal++;
        at++;
      } else {
        lines.add("-" + wanted);
      }
    }
    while (at < emulated.size()) {
      lines.add("+" + emulated.get(at++));
    }
  }

  /** What only Linux has, after {@code -}, and what only the emulator has, after {@code +}. */
  List<String> lines() {
    return lines;
  }

  int equal() {
    return equal;
  }

  int total() {
    return total;
  }
}
