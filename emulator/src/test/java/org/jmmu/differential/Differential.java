package org.jmmu.differential;

import java.util.List;
import org.jmmu.differential.Side.Run;
import org.jspecify.annotations.Nullable;

/** Compares two sides, of which the host is right. */
final class Differential {
  private final Side host;
  private final Side emulator;

  Differential(Side host, Side emulator) {
    this.host = host;
    this.emulator = emulator;
  }

  /**
   * @param calls the sequence up to the call whose results differ
   */
  record Difference(List<Call> calls, Result expected, Result actual) {}

  /** The first difference; null if there is none. */
  @Nullable Difference compare(List<Call> calls) {
    List<Result> expected = host.run(calls, Side.NONE).results();
    List<Result> actual = emulator.run(calls, Side.NONE).results();
    int both = Math.min(expected.size(), actual.size());
    for (int i = 0; i < both; i++) {
      if (!expected.get(i).equals(actual.get(i))) {
        return new Difference(calls.subList(0, i + 1), expected.get(i), actual.get(i));
      }
    }
    if (expected.size() != actual.size()) {
      throw new IllegalStateException(
          "results of " + expected.size() + " and " + actual.size() + " calls, all equal");
    }
    return null;
  }

  /** Whether the host does the same once more: others may use what it has only one of. */
  boolean isSteady(Difference found) {
    List<Result> again = host.run(found.calls(), Side.NONE).results();
    return again.getLast().equals(found.expected());
  }

  /** A difference that goes away, whichever single call is left out. */
  Difference shrink(Difference found) {
    Difference[] smallest = {found};
    Shrinker.shrink(
        found.calls(),
        candidate -> {
          Difference difference = compare(candidate);
          if (difference == null) {
            return null;
          }
          smallest[0] = difference;
          return difference.calls();
        });
    return smallest[0];
  }

  /** The sequence, and what either side has come to. */
  String describe(Difference difference) {
    List<Call> calls = difference.calls();
    Run expected = host.run(calls, calls.size() - 1);
    Run actual = emulator.run(calls, calls.size() - 1);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < calls.size(); i++) {
      String result = i < expected.results().size() ? expected.results().get(i).text() : "?";
      text.append("  ").append(calls.get(i)).append(" = ").append(result).append('\n');
    }
    return text.append("host:     ")
        .append(difference.expected().text())
        .append('\n')
        .append(expected.description())
        .append("emulator: ")
        .append(difference.actual().text())
        .append('\n')
        .append(actual.description())
        .toString();
  }
}
