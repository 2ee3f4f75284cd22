package org.jmmu.cli;

import org.jmmu.hunt.Target;

/** How far a search over schedules is, for a {@link ProgressLine}. */
final class SearchProgress implements ProgressLine.Source {
  private final int targets;
  private int started;
  private String current = "";

  SearchProgress(int targets) {
    this.targets = targets;
  }

  synchronized void starting(Target target) {
    started++;
    current = target.name();
  }

  @Override
  public synchronized String text() {
    return "schedules of %d of %d variants: %s".formatted(started, targets, current);
  }
}
