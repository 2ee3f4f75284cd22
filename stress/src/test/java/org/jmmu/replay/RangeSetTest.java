package org.jmmu.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Ranges against a set of numbers. */
class RangeSetTest {
  private static final int SIZE = 64;
  private static final int STEPS = 20_000;

  @Test
  void asABitSet() {
    Random random = new Random(1);
    RangeSet ranges = new RangeSet();
    BitSet bits = new BitSet();
    for (int step = 0; step < STEPS; step++) {
      int start = random.nextInt(SIZE);
      int end = start + 1 + random.nextInt(SIZE - start);
      if (random.nextBoolean()) {
        ranges.add(start, end);
        bits.set(start, end);
      } else {
        ranges.remove(start, end);
        bits.clear(start, end);
      }
      int from = random.nextInt(SIZE);
      int to = from + 1 + random.nextInt(SIZE - from);
      assertEquals(bits.get(from), ranges.contains(from));
      assertEquals(bits.nextClearBit(from) >= to, ranges.containsAll(from, to));
    }
  }

  @Test
  void oneRange() {
    RangeSet ranges = new RangeSet();
    ranges.add(10, 20);
    assertTrue(ranges.isRange(10, 20));
    assertFalse(ranges.isRange(10, 15));
    ranges.remove(15, 16);
    assertFalse(ranges.isRange(10, 20));
  }
}
