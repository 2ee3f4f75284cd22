package org.jmmu.explain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A thread came somewhere.
 *
 * @param where the pause point, {@code waits for LOCK}, or {@code end}
 * @param changes what it changed on the way
 */
public record Event(String thread, String where, List<Change> changes) {
  /**
   * One thing's value, before and after; null where there was, or is, no such thing.
   *
   * @param name as in the state
   */
  public record Change(String name, @Nullable String before, @Nullable String after) {
    @Override
    public String toString() {
      return name + ": " + (before == null ? "-" : before) + " → " + (after == null ? "-" : after);
    }
  }
}
