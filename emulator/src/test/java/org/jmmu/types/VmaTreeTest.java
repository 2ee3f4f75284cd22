package org.jmmu.types;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmaTreeTest {
  private static final long PAGE = 4096;
  private static final int MAX_MAP_COUNT = 65_530;

  private final Mm mm = new Mm(1);
  private final VmaTree tree = mm.vmas;

  @Test
  void nothingIsFoundInAnEmptyTree() {
    assertEquals(0, tree.size());
    assertNull(tree.find(0));
    assertNull(tree.findPrev(Long.MAX_VALUE));
    assertEquals(0, tree.snapshot().length);
    assertEquals(6 * PAGE, tree.highestGap(PAGE, 8 * PAGE, 2 * PAGE));
    assertEquals(PAGE, tree.lowestGap(PAGE, 8 * PAGE, 2 * PAGE));
    assertEquals(VmaTree.NO_GAP, tree.lowestGap(PAGE, 8 * PAGE, 8 * PAGE));
  }

  @Test
  void aStrangerIsNotRemoved() {
    insert(1, 2);
    assertThrows(IllegalArgumentException.class, () -> tree.remove(vma(1, 2)));
    assertThrows(IllegalArgumentException.class, () -> tree.remove(vma(5, 6)));
  }

  @Test
  void halvesOfASplitAppearInOneVersion() {
    Vma whole = insert(2, 6);
    Vma below = vma(2, 4);
    whole.vmStartSetOpaque(4 * PAGE);
    tree.insert(below);
    assertSame(below, tree.find(2 * PAGE));
    assertSame(whole, tree.find(4 * PAGE));

    Vma above = vma(5, 6);
    whole.vmEndSetOpaque(5 * PAGE);
    tree.insert(above);
    assertArrayEquals(new Vma[] {below, whole, above}, tree.snapshot());
    assertSame(whole, tree.find(4 * PAGE));
    assertSame(above, tree.find(5 * PAGE));
  }

  @Test
  void aMergeAppearsInOneVersion() {
    Vma low = insert(2, 4);
    Vma high = insert(4, 6);
    low.vmEndSetOpaque(6 * PAGE);
    tree.remove(high);
    assertSame(low, tree.find(5 * PAGE));
    assertNull(tree.next(low));
  }

  @Test
  void anAdjustedVmaKeepsItsPlaceUntilItsRangeIsRefreshed() {
    Vma low = insert(2, 4);
    Vma high = insert(4, 8);
    low.vmEndSetOpaque(6 * PAGE); // overlaps its neighbour meanwhile
    assertSame(high, tree.next(low));
    assertSame(low, tree.prev(high));
    high.vmStartSetOpaque(6 * PAGE);
    assertSame(high, tree.find(5 * PAGE));

    tree.rangeChanged(low);
    tree.rangeChanged(high);
    assertSame(low, tree.find(5 * PAGE));
    assertSame(high, tree.find(6 * PAGE));
  }

  @Test
  void aLoopMayRemoveWhereItStands() {
    for (int i = 0; i < 200; i++) {
      insert(2L * i, 2L * i + 1);
    }
    int seen = 0;
    for (Vma vma = tree.find(0); vma != null; vma = tree.next(vma)) {
      tree.remove(vma);
      seen++;
    }
    assertEquals(200, seen);
    assertEquals(0, tree.size());
    assertNull(tree.find(0));
  }

  /** All operations in random order against a list, every answer compared. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void behavesLikeAList(int seed) {
    Random random = new Random(seed);
    int pages = 200 << random.nextInt(4);
    VmaListModel model = new VmaListModel(mm, random, pages);
    for (int step = 0; step < 4000; step++) {
      boolean grow = step / 500 % 2 == 0; // grows for a while, then shrinks
      model.change(grow);
      compare(model.vmas, random, pages);
      if (step % 100 == 0) {
        assertArrayEquals(model.vmas.toArray(), tree.snapshot());
        compareNeighbours(model.vmas);
      }
    }
  }

  private void compare(List<Vma> model, Random random, int pages) {
    assertEquals(model.size(), tree.size());
    long vaddr = random.nextInt(pages + 2) * PAGE + random.nextInt(2);
    Vma found = null;
    Vma prev = null;
    for (Vma vma : model) {
      if (vma.vmEndGetOpaque() <= vaddr) {
        prev = vma;
      } else if (found == null) {
        found = vma;
      }
    }
    assertSame(found, tree.find(vaddr));
    assertSame(prev, tree.findPrev(vaddr));

    long low = random.nextInt(pages) * PAGE;
    long high = low + random.nextInt(pages) * PAGE;
    long length = (1 + random.nextInt(random.nextBoolean() ? 6 : 60)) * PAGE;
    String search = "gap of " + length + " in " + low + ".." + high;
    assertEquals(gap(model, low, high, length, true), tree.highestGap(low, high, length), search);
    assertEquals(gap(model, low, high, length, false), tree.lowestGap(low, high, length), search);
  }

  private void compareNeighbours(List<Vma> model) {
    for (int i = 0; i < model.size(); i++) {
      Vma vma = model.get(i);
      assertSame(i == 0 ? null : model.get(i - 1), tree.prev(vma));
      assertSame(i == model.size() - 1 ? null : model.get(i + 1), tree.next(vma));
    }
  }

  /** Looks at every page. */
  private static long gap(List<Vma> model, long low, long high, long length, boolean highest) {
    long best = VmaTree.NO_GAP;
    long freeFrom = low;
    List<Vma> all = new ArrayList<>(model);
    all.add(new Vma(new Mm(1), high, high + PAGE, 0, 0));
    Collections.sort(all, (a, b) -> Long.compare(a.vmStartGetOpaque(), b.vmStartGetOpaque()));
    for (Vma vma : all) {
      long freeTo = Math.min(vma.vmStartGetOpaque(), high);
      if (freeTo - freeFrom >= length && (highest || best == VmaTree.NO_GAP)) {
        best = highest ? freeTo - length : freeFrom;
      }
      freeFrom = Math.max(freeFrom, vma.vmEndGetOpaque());
    }
    return best;
  }

  @ParameterizedTest
  @ValueSource(strings = {"upwards", "downwards", "shuffled"})
  void holdsAsManyAsLinuxAllows(String order) {
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < MAX_MAP_COUNT; i++) {
      places.add(order.equals("downwards") ? MAX_MAP_COUNT - 1 - i : i);
    }
    if (order.equals("shuffled")) {
      Collections.shuffle(places, new Random(1));
    }
    Vma[] byPlace = new Vma[MAX_MAP_COUNT];
    for (int place : places) {
      byPlace[place] = insert(2L * place, 2L * place + 1);
    }
    assertEquals(MAX_MAP_COUNT, tree.size());
    int place = 0;
    for (Vma vma = tree.find(0); vma != null; vma = tree.next(vma)) {
      assertSame(byPlace[place++], vma);
    }
    assertEquals(MAX_MAP_COUNT, place);
    long end = 2L * MAX_MAP_COUNT * PAGE;
    assertEquals(VmaTree.NO_GAP, tree.highestGap(0, end, 2 * PAGE));
    tree.remove(byPlace[12_345]);
    assertEquals(24_689 * PAGE, tree.highestGap(0, end, 3 * PAGE));
    assertEquals(24_689 * PAGE, tree.lowestGap(0, end, 3 * PAGE));
    assertEquals(VmaTree.NO_GAP, tree.lowestGap(0, 24_691 * PAGE, 3 * PAGE));
    assertEquals(VmaTree.NO_GAP, tree.highestGap(24_690 * PAGE, end, 3 * PAGE));
  }

  private Vma insert(long fromPage, long toPage) {
    Vma vma = vma(fromPage, toPage);
    tree.insert(vma);
    return vma;
  }

  private Vma vma(long fromPage, long toPage) {
    return new Vma(mm, fromPage * PAGE, toPage * PAGE, fromPage, 0);
  }
}
