package org.jmmu.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Against a map that is known to work. */
class XArrayTest {
  private static final int STEPS = 20_000;

  private final XArray array = new XArray();
  private final TreeMap<Long, Long> model = new TreeMap<>();

  @Test
  void behavesAsAMap() {
    Random random = new Random(1);
    for (int step = 1; step <= STEPS; step++) {
      long index = index(random);
      if (model.containsKey(index) && random.nextBoolean()) {
        array.replace(index, step);
        model.put(index, (long) step);
      } else if (model.containsKey(index)) {
        array.erase(index);
        model.remove(index);
      } else {
        array.store(index, step);
        model.put(index, (long) step);
      }
      long probe = index(random);
      assertEquals(model.getOrDefault(probe, 0L), array.load(probe));
      Long next = model.ceilingKey(probe);
      assertEquals(next == null ? XArray.NONE : next, array.next(probe));
    }
    for (long index : model.keySet()) {
      array.erase(index);
    }
    assertEquals(XArray.NONE, array.next(0));
  }

  /** Dense at the beginning, and a few anywhere up to the largest file. */
  private static long index(Random random) {
    return random.nextInt(4) == 0
        ? random.nextLong() >>> (12 + random.nextInt(50))
        : random.nextInt(200);
  }

  @Test
  void misuseIsABug() {
    assertThrows(KernelBug.class, () -> array.erase(3));
    array.store(3, 1);
    assertThrows(KernelBug.class, () -> array.store(3, 2));
    assertThrows(KernelBug.class, () -> array.erase(1L << 40));
    assertThrows(KernelBug.class, () -> array.replace(4, 1));
    assertThrows(KernelBug.class, () -> array.replace(1L << 40, 1));
  }
}
