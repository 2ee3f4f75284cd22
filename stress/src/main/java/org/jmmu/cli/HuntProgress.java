package org.jmmu.cli;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jmmu.hunt.HuntListener;

/** How far a hunt is, for a {@link ProgressLine}. */
final class HuntProgress implements HuntListener, ProgressLine.Source {
  private final Set<String> caught = new LinkedHashSet<>();
  private int runs;
  private int finished;

  @Override
  public synchronized void starting(int planned) {
    runs = planned;
  }

  @Override
  public synchronized void finished(String testName, boolean seenBad) {
    finished++;
    if (seenBad) {
      caught.add(testName.substring(testName.lastIndexOf('.', testName.lastIndexOf('.') - 1) + 1));
    }
  }

  @Override
  public synchronized String text() {
    return runs == 0
        ? "starting"
        : "%d of %d runs done%s"
            .formatted(
                finished, runs, caught.isEmpty() ? "" : "  caught: " + String.join(", ", caught));
  }
}
