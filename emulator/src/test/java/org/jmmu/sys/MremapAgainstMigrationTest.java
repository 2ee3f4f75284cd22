package org.jmmu.sys;

import static org.jmmu.mm.Mman.MREMAP_DONTUNMAP;
import static org.jmmu.mm.Mman.MREMAP_FIXED;
import static org.jmmu.mm.Mman.MREMAP_MAYMOVE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.Stepper;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The two walks of a migration must find a page wherever mremap is about to have moved it. */
class MremapAgainstMigrationTest extends WithProcess {
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;
  private static final int MINUTES = 2; // deadline of the free-running test
  private static final int STEPS = 4_000;
  private static final int SLOTS = 4; // places of SLOT pages each
  private static final int SLOT = 8;
  private static final int PAGES = 6; // pages of the mapping that moves

  private void move(long page, long newPage) {
    assertEquals(
        at(newPage), process.mremap(at(page), 2 * PAGE_SIZE, 2 * PAGE_SIZE, MOVE, at(newPage)));
  }

  /**
   * The new place stands behind the old one on the list: no lock is needed, since a walk that comes
   * too late for the one comes early enough for the other.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "M:migrate.unmapped R:moveVma.copied M:end R:end",
        "M:migrate.unmapped R:moveVma.moved M:end R:end",
        "M:migrate.copied R:moveVma.copied M:rmapWalk.vma*2 R:moveVma.moved M:end R:end",
        "R:moveVma.copied M:rmapWalk.vma*2 R:moveVma.moved M:migrate.copied R:end M:end",
        "R:moveVma.moved M:migrate.copied R:end M:end",
      })
  void toANewVma(String schedule) {
    map(10, 4, RW);
    store(12, 5);
    long isolated = process.isolatePage(at(12));
    step(schedule, isolated, () -> move(12, 20));
    assertEquals(5, load(20));
  }

  /** The new place stands before the old one: walks are kept out while entries move. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "M:migrate.unmapped R:moveVma.moved M:end R:end",
        "M:migrate.copied R:moveVma.copied M:rmapWalk.vma*2 R:moveVma.moved M:end R:end",
        "R:moveVma.copied M:rmapWalk.vma*2 R:moveVma.moved M:migrate.copied R:end M:end",
      })
  void intoAnOlderVma(String schedule) {
    map(10, 4, RW);
    store(10, 5);
    move(12, 20); // the list is now: pages 20 and 21, pages 10 and 11
    long isolated = process.isolatePage(at(10));
    step(schedule, isolated, () -> move(10, 18));
    assertEquals("18-22 rw", maps());
    assertEquals(5, load(18));
  }

  private void step(String schedule, long isolated, Runnable mover) {
    Stepper.of(Schedule.parse(schedule))
        .thread(
            "M", () -> assertEquals(MigratePages.Result.MIGRATED, machine.migratePage(isolated)))
        .thread("R", mover)
        .run()
        .throwIfFailed();
  }

  @Test
  void freely() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    map(0, SLOTS * SLOT, RW);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Integer> migrated = threads.submit(() -> migrate(over));
      Future<?> moved = threads.submit(this::moveAround);
      try {
        moved.get(MINUTES, TimeUnit.MINUTES);
      } finally {
        over.set(true);
      }
      assertTrue(migrated.get(MINUTES, TimeUnit.MINUTES) > 0, "no page was ever migrated");
    }
  }

  /** Moves a mapping from slot to slot, at times with a part left behind or grown or forked. */
  private void moveAround() {
    Random random = new Random(42);
    int slot = 0;
    long[] expected = new long[PAGES];
    for (int step = 1; step <= STEPS; step++) {
      int page = random.nextInt(PAGES);
      cpu.storeLong(at((long) slot * SLOT + page), step);
      expected[page] = step;
      int to = random.nextInt(SLOTS);
      if (to != slot) {
        int flags = random.nextInt(4) == 0 ? MOVE | MREMAP_DONTUNMAP : MOVE;
        long bytes = PAGES * PAGE_SIZE;
        long _ = process.mremap(at((long) slot * SLOT), bytes, bytes, flags, at((long) to * SLOT));
        slot = to;
      }
      if (random.nextInt(32) == 0) {
        process.fork().exit();
      }
      for (int i = 0; i < PAGES; i++) {
        assertEquals(expected[i], load((long) slot * SLOT + i), "page " + i + " at step " + step);
      }
    }
  }

  private int migrate(AtomicBoolean over) {
    Cpu other = process.runOn(machine.cpu(1));
    Random random = new Random(43);
    int migrated = 0;
    while (!over.get()) {
      long vaddr = at(random.nextInt(SLOTS * SLOT));
      try {
        if (process.movePage(vaddr) == MigratePages.Result.MIGRATED) {
          migrated++;
        }
        long _ = other.loadLong(vaddr);
      } catch (ErrnoException | SegvException e) {
        // nothing there just now
      }
    }
    process.leave(other);
    return migrated;
  }
}
