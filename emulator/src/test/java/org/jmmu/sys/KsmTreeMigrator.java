package org.jmmu.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.migrate.MigratePages.Result;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.Slot;
import org.jmmu.sys.ForkTree.Member;

/**
 * One thread that migrates pages of a fork tree, merged ones among them. Most of the time while the
 * others use and merge them; now and then all are stopped, and then every process must follow. The
 * oracles run as often.
 */
final class KsmTreeMigrator implements Callable<KsmTreeMigrator.Counts> {
  /** Merged pages migrated, meanwhile and with all stopped; and entries that were to follow. */
  record Counts(int migrated, int busy, int stopped, int followed) {
    static final Counts NONE = new Counts(0, 0, 0, 0);

    Counts plus(Counts other) {
      return new Counts(
          migrated + other.migrated,
          busy + other.busy,
          stopped + other.stopped,
          followed + other.followed);
    }
  }

  private record Place(Member member, int page) {}

  private static final int WITH_ALL_STOPPED = 16; // one migration of so many

  private final Machine machine;
  private final ForkTree tree;
  private final PageProbe probe;
  private final Random random;
  private final AtomicBoolean over;
  private Counts counts = Counts.NONE;

  KsmTreeMigrator(Machine machine, ForkTree tree, long seed, AtomicBoolean over) {
    this.machine = machine;
    this.tree = tree;
    this.probe = new PageProbe(machine);
    this.random = new Random(seed);
    this.over = over;
  }

  @Override
  public Counts call() {
    while (!over.get()) {
      if (random.nextInt(WITH_ALL_STOPPED) == 0) {
        migrateStopped();
      } else {
        migrateMeanwhile();
      }
    }
    return counts;
  }

  private void migrateMeanwhile() {
    long pfn;
    Place place;
    tree.steps.writeLock().lock();
    try {
      place = choose();
      if (pte(place) == 0) {
        return;
      }
      pfn = place.member.process.isolatePage(ForkTree.address(place.page));
      place.member.pinned = true;
    } finally {
      tree.steps.writeLock().unlock();
    }
    boolean merged = isMerged(pfn);
    boolean migrated = machine.migratePage(pfn) == Result.MIGRATED;
    if (merged) {
      counts = counts.plus(new Counts(migrated ? 1 : 0, migrated ? 0 : 1, 0, 0));
    }
    tree.steps.writeLock().lock();
    try {
      place.member.pinned = false;
    } finally {
      tree.steps.writeLock().unlock();
    }
  }

  private void migrateStopped() {
    tree.steps.writeLock().lock();
    try {
      machine.scanKsm(); // a process forked during the last pass may have entries without an item
      machine.check();
      Place place = choose();
      if (pte(place) == 0) {
        return;
      }
      long old = place.member.process.isolatePage(ForkTree.address(place.page));
      boolean merged = isMerged(old);
      List<Place> places = whoMaps(old);
      if (machine.migratePage(old) == Result.MIGRATED) {
        long now = Pte.pfn(pte(place));
        assertNotEquals(old, now);
        places.forEach(each -> assertEquals(now, Pte.pfn(pte(each)), () -> each + " is elsewhere"));
        assertEquals(
            places.size(), PageDesc.mapcountGetAcquire(machine.kernel().phys, now), "mapcount");
        counts = counts.plus(new Counts(0, 0, merged ? 1 : 0, merged ? places.size() : 0));
      }
      machine.check();
    } finally {
      tree.steps.writeLock().unlock();
    }
  }

  private Place choose() {
    Member member = tree.members.get(random.nextInt(tree.members.size()));
    return new Place(member, random.nextInt(ForkTree.PAGES));
  }

  private List<Place> whoMaps(long pfn) {
    List<Place> places = new ArrayList<>();
    for (Member member : tree.members) {
      for (int page = 0; page < ForkTree.PAGES; page++) {
        Place place = new Place(member, page);
        if (pte(place) != 0 && Pte.pfn(pte(place)) == pfn) {
          places.add(place);
        }
      }
    }
    return places;
  }

  /** The entry, 0 unless it maps a page of a process's own. */
  private long pte(Place place) {
    long pteVal = probe.pteVal(place.member.process, ForkTree.address(place.page));
    return Pte.isPresent(pteVal) && !Pte.isSpecial(pteVal) ? pteVal : 0;
  }

  private boolean isMerged(long pfn) {
    long mapping = PageDesc.mappingGetAcquire(machine.kernel().phys, pfn);
    return Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM;
  }
}
