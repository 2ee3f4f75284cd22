package org.jmmu.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Delta debugging: leaves out runs of elements, long ones first, as long as what is left still
 * fails.
 */
final class Shrinker {
  private Shrinker() {}

  /**
   * @param failing what fails as it is
   * @param attempt takes a candidate, and returns the part of it that fails; null if it does not
   * @return a failing list from which no single element can be left out
   */
  static <T> List<T> shrink(List<T> failing, Function<List<T>, @Nullable List<T>> attempt) {
    List<T> smallest = failing;
    int chunk = Math.max(1, smallest.size() / 2);
    while (true) {
      boolean shrunk = false;
      int at = 0;
      while (at < smallest.size()) {
        List<T> candidate = new ArrayList<>(smallest);
        candidate.subList(at, Math.min(at + chunk, candidate.size())).clear();
        List<T> stillFailing = candidate.isEmpty() ? null : attempt.apply(candidate);
        if (stillFailing != null) {
          smallest = stillFailing;
          shrunk = true;
        } else {
          at += chunk;
        }
      }
      if (chunk > 1) {
        chunk /= 2;
      } else if (!shrunk) {
        return smallest;
      }
    }
  }
}
