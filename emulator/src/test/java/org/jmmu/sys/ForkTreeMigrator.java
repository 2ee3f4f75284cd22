package org.jmmu.sys;

import static org.jmmu.mm.Mman.MPOL_MF_MOVE_ALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.alloc.Buddy;
import org.jmmu.migrate.MigratePages.Result;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.PageDesc;
import org.jmmu.sys.ForkTree.Member;

/**
 * One thread that migrates pages of a fork tree, while others use them. Before and after each
 * migration it stops the others and looks where the pages are: processes that had a page in common,
 * and have not written to it or unmapped it since, must have it in common still.
 */
final class ForkTreeMigrator implements Callable<ForkTreeMigrator.Counts> {
  /** Migrations by their ends, and what was looked at. */
  record Counts(int migrated, int busy, int moved, int compacted, long shared) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0);

    Counts plus(Counts other) {
      return new Counts(
          migrated + other.migrated,
          busy + other.busy,
          moved + other.moved,
          compacted + other.compacted,
          shared + other.shared);
    }
  }

  /** A page of a process, as it was. */
  private record Place(Member member, int page, long changes) {
    boolean isUnchanged() {
      return !member.exited && member.changes[page] == changes;
    }
  }

  private static final int NODES = 2;

  /** What to migrate, and where everything was before. */
  private record Choice(SortedMap<Long, List<Place>> before, Place place, long isolated) {}

  private final Machine machine;
  private final ForkTree tree;
  private final PageProbe probe;
  private final Random random;
  private final AtomicBoolean over;
  private Counts counts = Counts.NONE;

  ForkTreeMigrator(Machine machine, ForkTree tree, long seed, AtomicBoolean over) {
    this.machine = machine;
    this.tree = tree;
    this.probe = new PageProbe(machine);
    this.random = new Random(seed);
    this.over = over;
  }

  @Override
  public Counts call() {
    while (!over.get()) {
      migrateOne();
    }
    return counts;
  }

  private void migrateOne() {
    Choice choice = choose();
    boolean left = migrate(choice);
    tree.steps.writeLock().lock();
    try {
      choice.place.member.pinned = false;
      choice.before.forEach(
          (pfn, places) -> check(places, left && pfn == choice.isolated ? pfn : Buddy.NO_FRAME));
      checkMapcounts();
    } finally {
      tree.steps.writeLock().unlock();
    }
  }

  private Choice choose() {
    tree.steps.writeLock().lock();
    try {
      SortedMap<Long, List<Place>> before = whereAllPagesAre();
      List<List<Place>> frames = List.copyOf(before.values());
      List<Place> places = frames.get(random.nextInt(frames.size()));
      Place place = places.get(random.nextInt(places.size()));
      place.member.pinned = true;
      long isolated = place.member.process.isolatePage(ForkTree.address(place.page));
      return new Choice(before, place, isolated);
    } finally {
      tree.steps.writeLock().unlock();
    }
  }

  /** Whether every process has left the frame. */
  private boolean migrate(Choice choice) {
    Place place = choice.place;
    int way = random.nextInt(16);
    if (way < 10) {
      boolean migrated = machine.migratePage(choice.isolated) == Result.MIGRATED;
      counts = counts.plus(new Counts(migrated ? 1 : 0, migrated ? 0 : 1, 0, 0, 0));
      return migrated;
    }
    machine.putPage(choice.isolated);
    if (way == 10) {
      counts = counts.plus(new Counts(0, 0, 0, machine.compact(), 0));
    } else {
      long[] pages = {ForkTree.address(place.page)};
      int[] nodes = {random.nextInt(NODES)};
      int failed = place.member.process.movePages(pages, nodes, new int[1], MPOL_MF_MOVE_ALL);
      counts = counts.plus(new Counts(0, failed, 1 - failed, 0, 0));
    }
    return false;
  }

  /** By frame: who maps it. All are stopped. */
  private SortedMap<Long, List<Place>> whereAllPagesAre() {
    SortedMap<Long, List<Place>> frames = new TreeMap<>();
    for (Member member : tree.members) {
      for (int page = 0; page < 2 * ForkTree.PAGES; page++) {
        long pteVal = probe.pteVal(member.process, ForkTree.address(page));
        if (Pte.isPresent(pteVal) && !Pte.isSpecial(pteVal)) {
          frames
              .computeIfAbsent(Pte.pfn(pteVal), _ -> new ArrayList<>())
              .add(new Place(member, page, member.changes[page]));
        }
      }
    }
    return frames;
  }

  /** All these mapped one frame, and map one now, other than {@code old}. */
  private void check(List<Place> places, long old) {
    long common = Buddy.NO_FRAME;
    int nr = 0;
    for (Place place : places) {
      if (!place.isUnchanged()) {
        continue;
      }
      long pteVal = probe.pteVal(place.member.process, ForkTree.address(place.page));
      assertTrue(Pte.isPresent(pteVal), () -> place + " is gone: " + Long.toHexString(pteVal));
      long pfn = Pte.pfn(pteVal);
      assertNotEquals(old, pfn, () -> place + " still maps the old frame");
      if (nr++ > 0) {
        assertEquals(common, pfn, () -> place + " maps another frame than its relatives");
      }
      common = pfn;
    }
    counts = counts.plus(new Counts(0, 0, 0, 0, Math.max(nr - 1, 0)));
  }

  private void checkMapcounts() {
    whereAllPagesAre()
        .forEach(
            (pfn, places) ->
                assertEquals(
                    places.size(),
                    PageDesc.mapcountGetAcquire(machine.kernel().phys, pfn),
                    () -> "mapcount of frame " + pfn));
  }
}
