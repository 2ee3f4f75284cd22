package org.jmmu.race.mpxunmap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jmmu.mm.UserAccess.Faults;
import org.jmmu.mpx.BoundsTables;
import org.jmmu.mpx.MpxUnmapProtocol;
import org.jmmu.sched.DeadlockException;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.StepResult;
import org.jmmu.sched.Stepper;
import org.jmmu.types.Mm;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Steps every variant along every interleaving: the table of the package documentation. */
class MpxUnmapTest {
  private static final String SOUND = "sound";

  private static final List<String> POINTS =
      List.of(
          "mpxUnmap.prepared",
          "mpxUnmap.unmapped",
          "mpxUnmap.entryRead",
          "mpxUnmap.entryCleared",
          "mpx.tableMapped",
          "bounds.directoryRead");

  /** Each of the two first, and each in the middle of what it does while the other is whole. */
  private static List<String> schedules() {
    List<String> schedules = new ArrayList<>(List.of("U:end M:end", "M:end U:end"));
    for (String point : POINTS) {
      schedules.add("M:" + point + " U:end M:end");
      schedules.add("U:" + point + " M:end U:end");
    }
    return schedules;
  }

  /** What some schedule ends in; none ends in anything else but {@code sound}. */
  private static String worst(MpxUnmapVariant variant, Interleaving interleaving) {
    boolean freesWhole =
        interleaving != Interleaving.TWO_FAULTS && interleaving != Interleaving.PLACE_REUSED;
    return switch (variant) {
      case FAULT_UNDER_W -> interleaving == Interleaving.COLD ? "deadlock" : SOUND;
      case NOFAULT_SKIP -> interleaving == Interleaving.COLD ? "leak" : SOUND;
      case BDSEM_ZAP_POST -> interleaving == Interleaving.PLACE_REUSED ? "lost" : SOUND;
      case GUP_RECURSIVE_LATE -> freesWhole ? "torn" : SOUND;
      case GUP_EARLY -> freesWhole && interleaving != Interleaving.NEW_NEIGHBOUR ? "leak" : SOUND;
      case BDSEM, GUP_RETRY -> SOUND;
      case ABSENT -> "absent";
    };
  }

  @TestFactory
  Stream<DynamicTest> steps() {
    return Stream.of(MpxUnmapVariant.values())
        .flatMap(
            variant ->
                Stream.of(Interleaving.values())
                    .map(
                        interleaving ->
                            DynamicTest.dynamicTest(
                                variant + " " + interleaving.id(),
                                () -> step(variant, interleaving))));
  }

  private static void step(MpxUnmapVariant variant, Interleaving interleaving) {
    Set<String> seen = new TreeSet<>();
    for (String schedule : schedules()) {
      try (MpxUnmapFixture fixture = MpxUnmapFixture.of(variant, interleaving)) {
        run(fixture, schedule).throwIfFailed();
        seen.add(fixture.verdict());
      }
    }
    String worst = worst(variant, interleaving);
    assertTrue(seen.contains(worst), seen::toString);
    seen.removeAll(List.of(worst, SOUND));
    assertEquals(Set.of(), seen);
  }

  private static StepResult run(MpxUnmapFixture fixture, String schedule) {
    return Stepper.of(Schedule.parse(schedule))
        .thread("M", fixture::actM)
        .thread("U", fixture::actU)
        .run();
  }

  /** 4-A, in one line: the page is out before M comes. */
  @Test
  void aColdDirectoryStopsTheThreadThatUnmaps() {
    assertEquals(
        "deadlock", after(MpxUnmapVariant.FAULT_UNDER_W, Interleaving.COLD, "U:end M:end"));
    assertEquals("leak", after(MpxUnmapVariant.NOFAULT_SKIP, Interleaving.COLD, "U:end M:end"));
  }

  /** 4-E: the new mapping's bounds are in the slice that is zapped last. */
  @Test
  void zappingAfterTheUnmappingLosesNewBounds() {
    String schedule = "M:mpxUnmap.unmapped U:end M:end";
    assertEquals(
        "lost", after(MpxUnmapVariant.BDSEM_ZAP_POST, Interleaving.PLACE_REUSED, schedule));
    assertEquals(SOUND, after(MpxUnmapVariant.BDSEM, Interleaving.PLACE_REUSED, schedule));
  }

  private static String after(MpxUnmapVariant variant, Interleaving interleaving, String schedule) {
    try (MpxUnmapFixture fixture = MpxUnmapFixture.of(variant, interleaving)) {
      run(fixture, schedule).throwIfFailed();
      return fixture.verdict();
    }
  }

  /** 4-B: what no variant does. The table goes first, the entry that names it later. */
  @Test
  void anEntryThatOutlivesItsTableNamesSomebodyElsesMemory() {
    MpxUnmapProtocol tableFirst =
        new MpxUnmapProtocol() {
          @Override
          public void unmapped(Parts parts, Mm mm, long start, long end) {
            long entryVaddr = BoundsTables.entryVaddr(mm, start);
            long entry = parts.user().getUser(mm, entryVaddr, Long.BYTES, Faults.DISABLED);
            if (entry != 0) {
              parts.tables().unmapTable(mm, entry & ~1L);
            }
          }
        };
    try (MpxUnmapFixture fixture = MpxUnmapFixture.of(tableFirst, Interleaving.TABLE_REUSED)) {
      run(fixture, "M:end U:end").throwIfFailed();
      assertEquals("dangling", fixture.verdict());
    }
  }

  /** The proposal of 2014 to the letter: mmap_lock(R) is held while the directory is accessed. */
  @Test
  void aFaultUnderTheReadLockTakesItTwice() {
    MpxUnmapProtocol toTheLetter =
        new MpxUnmapProtocol() {
          @Override
          public boolean needsPreparation() {
            return true;
          }

          @Override
          public void preUnmap(Parts parts, Mm mm, long start, long end) {
            mm.mmapLock.readLock();
            try {
              long entryVaddr = BoundsTables.entryVaddr(mm, start);
              long _ = parts.user().getUser(mm, entryVaddr, Long.BYTES, Faults.ENABLED);
            } finally {
              mm.mmapLock.readUnlock();
            }
          }
        };
    try (MpxUnmapFixture fixture = MpxUnmapFixture.of(toTheLetter, Interleaving.COLD)) {
      run(fixture, "U:end M:end").throwIfFailed();
      assertEquals("deadlock", fixture.verdict());
    }
  }

  /**
   * A directory whose pages come from another thread, as with userfaultfd: M waits for that thread
   * with bd_sem held for writing, and that thread stores bounds for the first time.
   */
  @Test
  void aDirectoryServedByAThreadThatUsesBoundsDeadlocksWithTheSemaphore() {
    AtomicBoolean served = new AtomicBoolean();
    MpxUnmapBdsem bdsem = new MpxUnmapBdsem();
    MpxUnmapProtocol servedByAnother =
        new MpxUnmapProtocol() {
          @Override
          public boolean needsPreparation() {
            return true;
          }

          @Override
          public void preUnmap(Parts parts, Mm mm, long start, long end) {
            bdsem.preUnmap(parts, mm, start, end);
            while (!served.get()) {
              assertTrue(PausePoint.blocked("page of the directory"));
            }
            PausePoint.unblocked();
          }

          @Override
          public void postUnmap(Parts parts, Mm mm) {
            bdsem.postUnmap(parts, mm);
          }

          @Override
          public void allocBegin(Mm mm) {
            bdsem.allocBegin(mm);
          }

          @Override
          public void allocEnd(Mm mm) {
            bdsem.allocEnd(mm);
          }

          @Override
          public void prctlBegin(Mm mm) {
            bdsem.prctlBegin(mm);
          }

          @Override
          public void prctlEnd(Mm mm) {
            bdsem.prctlEnd(mm);
          }
        };
    try (MpxUnmapFixture fixture = MpxUnmapFixture.of(servedByAnother, Interleaving.ALONE)) {
      Stepper stepper =
          Stepper.of(Schedule.parse("M:mpxUnmap.prepared H:end M:end"))
              .thread("M", fixture::actM)
              .thread(
                  "H",
                  () -> {
                    fixture.storeElsewhere();
                    served.set(true);
                  });
      assertThrows(DeadlockException.class, stepper::run);
    }
  }
}
