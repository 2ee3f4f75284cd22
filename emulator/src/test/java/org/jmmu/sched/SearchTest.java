package org.jmmu.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jmmu.sched.SearchResult.Failure;
import org.junit.jupiter.api.Test;

class SearchTest {
  /** Threads that write their letter down between pause points. */
  private record Letters(List<String> names, int each, Set<String> seen) implements Scenario {
    @Override
    public String id() {
      return "letters";
    }

    @Override
    public Trial start() {
      StringBuilder text = new StringBuilder();
      Map<String, Runnable> threads = new LinkedHashMap<>();
      for (String name : names) {
        threads.put(
            name,
            () -> {
              for (int i = 0; i < each; i++) {
                PausePoint.reach("letter");
                text.append(name);
              }
            });
      }
      return new Plain(
          threads,
          () -> {
            seen.add(text.toString());
            return "";
          });
    }
  }

  /** Threads that add one each to a number, by reading and writing it. */
  private record LostUpdate(int nrThreads) implements Scenario {
    @Override
    public String id() {
      return "lost update";
    }

    @Override
    public Trial start() {
      int[] number = new int[1];
      Map<String, Runnable> threads = new LinkedHashMap<>();
      IntStream.range(0, nrThreads)
          .forEach(
              i ->
                  threads.put(
                      "T" + i,
                      () -> {
                        int read = number[0];
                        PausePoint.reach("read");
                        number[0] = read + 1;
                        PausePoint.reach("written");
                      }));
      return new Plain(threads, () -> number[0] == nrThreads ? "" : "lost: " + number[0]);
    }
  }

  @Test
  void everyOrderIsRunOnce() {
    Set<String> seen = new HashSet<>();
    SearchResult result = exhaustive(new Letters(List.of("A", "B"), 3, seen), 6);
    assertEquals(20, seen.size()); // 6 over 3
    assertEquals(70, result.schedules()); // 8 over 4: four parts a thread, of which one is empty
    assertNull(result.failure());
    assertEquals(6, result.preemptions());
    seen.clear();
    SearchResult three = exhaustive(new Letters(List.of("A", "B", "C"), 2, seen), 6);
    assertEquals(90, seen.size()); // 6! / 2!^3
    assertEquals(1680, three.schedules()); // 9! / 3!^3
  }

  @Test
  void theBoundIsOnPreemptions() {
    Set<String> seen = new HashSet<>();
    assertEquals(2, exhaustive(new Letters(List.of("A", "B"), 3, seen), 0).schedules());
    assertEquals(Set.of("AAABBB", "BBBAAA"), seen);
    exhaustive(new Letters(List.of("A", "B"), 3, seen), 1);
    assertTrue(seen.contains("AABBBA"));
    assertTrue(!seen.contains("ABABAB"));
  }

  @Test
  void findsWithAsFewPreemptionsAsPossible() {
    for (int nrThreads = 2; nrThreads <= 3; nrThreads++) {
      Failure failure = exhaustive(new LostUpdate(nrThreads), 3).failure();
      assertNotNull(failure);
      assertEquals(1, failure.preemptions());
      assertTrue(failure.what().startsWith("lost"), failure::what);
    }
  }

  @Test
  void drawnSchedulesFindItToo() {
    try (Search search = new Search(new LostUpdate(3), Deadline.start())) {
      assertNotNull(search.random(1, 1000).failure());
      assertNotNull(search.pct(1, 2, 1000).failure());
    }
  }

  @Test
  void whatWasFoundIsReplayed() {
    LostUpdate scenario = new LostUpdate(3);
    Failure failure = exhaustive(scenario, 1).failure();
    assertNotNull(failure);
    for (int i = 0; i < 100; i++) {
      try (Scenario.Trial trial = scenario.start()) {
        Stepper stepper = Stepper.of(Schedule.parse(failure.schedule().toString()));
        trial.threads().forEach(stepper::thread);
        stepper.run().throwIfFailed();
        assertEquals(failure.what(), trial.verdict());
      }
    }
  }

  @Test
  void anExceptionIsAFailure() {
    List<String> order = new ArrayList<>();
    Scenario scenario =
        new Plain.Once(
            Map.of(
                "T",
                () -> {
                  order.add("ran");
                  throw new IllegalStateException("broken");
                }));
    Failure failure = exhaustive(scenario, 0).failure();
    assertNotNull(failure);
    assertEquals("T: java.lang.IllegalStateException: broken", failure.what());
    assertEquals(List.of("ran"), order);
  }

  @Test
  void aThreadThatWaitsForEverIsADeadlock() {
    Runnable waits =
        () -> {
          while (PausePoint.blocked("Godot")) {
            // nobody comes
          }
        };
    Failure failure = exhaustive(new Plain.Once(Map.of("E", waits, "V", () -> {})), 2).failure();
    assertNotNull(failure);
    assertEquals("deadlock: E waits for Godot", failure.what());
  }

  @Test
  void aThreadThatComesToNoPausePointIsReported() {
    AtomicBoolean stop = new AtomicBoolean();
    Runnable spins =
        () -> {
          while (!stop.get()) {
            Thread.onSpinWait();
          }
        };
    Failure failure;
    try (ShortDeadline _ = new ShortDeadline()) {
      failure = exhaustive(new Plain.Once(Map.of("T", spins)), 2).failure();
    } finally {
      stop.set(true);
    }
    assertNotNull(failure);
    assertTrue(failure.what().startsWith("no end within"), failure::what);
  }

  private static SearchResult exhaustive(Scenario scenario, int preemptions) {
    try (Search search = new Search(scenario, Deadline.start())) {
      return search.exhaustive(preemptions);
    }
  }
}
