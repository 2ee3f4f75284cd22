package org.jmmu.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IMmapTest {
  private static final long PAGE = 4096;

  private final Mm mm = new Mm(1);
  private final IMmap tree = new IMmap();

  /** What was inserted under which pages, in the order of the iteration. */
  private final List<Entry> model = new ArrayList<>();

  private record Entry(Vma vma, long first, long last) {}

  @Test
  void nothingOverlapsInAnEmptyTree() {
    assertNull(tree.firstOverlap(0, Long.MAX_VALUE));
  }

  @Test
  void aVmaIsInOneTree() {
    Vma vma = insert(3, 2);
    assertThrows(IllegalStateException.class, () -> new IMmap().insert(vma));
    assertThrows(IllegalArgumentException.class, () -> new IMmap().remove(vma));
    tree.remove(vma);
    assertThrows(IllegalArgumentException.class, () -> tree.remove(vma));
    new IMmap().insert(vma);
  }

  @Test
  void bothEndsOfARangeBelongToIt() {
    insert(3, 2);
    assertTrue(overlaps(0, 2).isEmpty());
    assertEquals(1, overlaps(0, 3).size());
    assertEquals(1, overlaps(4, 9).size());
    assertTrue(overlaps(5, 9).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void behavesLikeAList(int seed) {
    Random random = new Random(seed);
    int pages = 20 << (2 * random.nextInt(3)); // the fewer, the more VMAs that start alike
    for (int step = 0; step < 3000; step++) {
      boolean grow = step / 500 % 2 == 0;
      if (model.isEmpty() || random.nextInt(10) < (grow ? 7 : 3)) {
        insert(random.nextInt(pages), 1 + random.nextInt(random.nextInt(8) == 0 ? pages : 4));
      } else {
        Entry entry = model.remove(random.nextInt(model.size()));
        tree.remove(entry.vma);
        entry.vma.vmPgoffSetOpaque(random.nextInt(pages));
      }
      long first = random.nextInt(pages);
      long last = first + random.nextInt(random.nextBoolean() ? 3 : pages);
      assertEquals(inModel(first, last), overlaps(first, last), "pages " + first + ".." + last);
      assertEquals(model.size(), tree.size());
      changeInPlace(random, pages);
    }
    assertEquals(inModel(0, Long.MAX_VALUE), overlaps(0, Long.MAX_VALUE));
  }

  /** 10,000 mappings, each of which shares pages with two others at most. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void findsAFewAmongMany(boolean inOrder) {
    int count = 10_000;
    for (int i = 0; i < count; i++) {
      insert(10L * (inOrder ? i : (i * 7919L) % count), 11);
    }
    for (long i = 1; i < count; i++) {
      assertEquals(2, overlaps(10 * i, 10 * i).size());
      assertEquals(1, overlaps(10 * i + 1, 10 * i + 9).size());
    }
  }

  private Vma insert(long pgoff, long pages) {
    Vma vma = new Vma(mm, PAGE, (1 + pages) * PAGE, pgoff, 0);
    tree.insert(vma);
    model.add(new Entry(vma, pgoff, pgoff + pages - 1));
    model.sort(Comparator.comparingLong(Entry::first)); // stable: later ones stay behind
    return vma;
  }

  private void changeInPlace(Random random, int pages) {
    if (!model.isEmpty()) {
      Vma vma = model.get(random.nextInt(model.size())).vma;
      vma.vmPgoffSetOpaque(random.nextInt(pages));
      vma.vmEndSetOpaque(vma.vmEndGetOpaque() + PAGE);
    }
  }

  private List<Vma> overlaps(long first, long last) {
    List<Vma> found = new ArrayList<>();
    for (Vma vma = tree.firstOverlap(first, last);
        vma != null;
        vma = tree.nextOverlap(vma, first, last)) {
      found.add(vma);
    }
    return found;
  }

  private List<Vma> inModel(long first, long last) {
    return model.stream().filter(e -> e.first <= last && e.last >= first).map(Entry::vma).toList();
  }
}
