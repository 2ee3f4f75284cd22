package org.jmmu.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  @Test
  void whatMattersIsLeft() {
    List<Integer> numbers = IntStream.range(0, 1000).boxed().toList();
    List<Integer> needed = List.of(3, 4, 500, 999);
    assertEquals(
        needed,
        Shrinker.shrink(numbers, candidate -> candidate.containsAll(needed) ? candidate : null));
  }

  @Test
  void whatComesBehindTheFailureGoesAtOnce() {
    List<Integer> numbers = IntStream.range(0, 1000).boxed().toList();
    int[] attempts = {0};
    List<Integer> smallest =
        Shrinker.shrink(
            numbers,
            candidate -> {
              attempts[0]++;
              int at = candidate.indexOf(1);
              return at < 0 ? null : candidate.subList(0, at + 1);
            });
    assertEquals(List.of(1), smallest);
    assertEquals(true, attempts[0] < 20, attempts[0] + " attempts");
  }
}
