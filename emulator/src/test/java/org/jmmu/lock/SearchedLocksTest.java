package org.jmmu.lock;

import static org.jmmu.lock.LockClass.PTL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Scenario;
import org.jmmu.sched.Search;
import org.jmmu.sched.SearchResult;
import org.jmmu.sched.SearchResult.Failure;
import org.junit.jupiter.api.Test;

/** Schedules are searched for threads that take locks: waiting is no preemption. */
class SearchedLocksTest {
  private final PhysMemory phys = new PhysMemory(4);

  private record Case(Supplier<Map<String, Runnable>> threads) implements Scenario {
    @Override
    public String id() {
      return "locks";
    }

    @Override
    public Trial start() {
      return new Locking(threads.get());
    }
  }

  private record Locking(Map<String, Runnable> threads) implements Scenario.Trial {
    @Override
    public String verdict() {
      return "";
    }

    @Override
    public Map<String, String> state() {
      return Map.of();
    }

    @Override
    public void close() {}
  }

  @Test
  void aSpinLockKeepsOthersOut() {
    long ptl = PageDesc.ptlAddr(phys, 2);
    int[] inside = new int[1];
    Runnable critical =
        () -> {
          SpinLock.lock(ptl, PTL);
          enter(inside);
          SpinLock.unlock(ptl, PTL);
        };
    assertNull(search(new Case(() -> twice(critical))).failure());
  }

  @Test
  void aSemaphoreKeepsWritersApart() {
    RwSem sem = new RwSem(LockClass.MMAP_LOCK);
    int[] inside = new int[1];
    Runnable critical =
        () -> {
          sem.writeLock();
          enter(inside);
          sem.writeUnlock();
        };
    assertNull(search(new Case(() -> twice(critical))).failure());
  }

  @Test
  void readersAreNotKeptApart() {
    RwSem sem = new RwSem(LockClass.MMAP_LOCK);
    int[] inside = new int[1];
    Runnable critical =
        () -> {
          sem.readLock();
          enter(inside);
          sem.readUnlock();
        };
    Failure failure = search(new Case(() -> twice(critical))).failure();
    assertNotNull(failure);
    assertEquals(1, failure.preemptions());
  }

  @Test
  void locksTakenInBothOrdersAreADeadlock() {
    Failure failure =
        search(
                new Case(
                    () -> {
                      RwSem a = new RwSem(LockClass.MMAP_LOCK);
                      RwSem b = new RwSem(LockClass.MMAP_LOCK);
                      Map<String, Runnable> threads = new LinkedHashMap<>();
                      threads.put("A", () -> both(a, b));
                      threads.put("B", () -> both(b, a));
                      return threads;
                    }))
            .failure();
    assertNotNull(failure);
    assertEquals("deadlock: A waits for MMAP_LOCK, B waits for MMAP_LOCK", failure.what());
    assertEquals(1, failure.preemptions());
  }

  private static void both(RwSem first, RwSem second) {
    first.writeLock();
    try {
      second.writeLockNested(1); // the order of locks of one class is not checked
      second.writeUnlock();
    } finally {
      first.writeUnlock();
    }
  }

  private static void enter(int[] inside) {
    inside[0]++;
    PausePoint.reach("inside");
    if (--inside[0] != 0) {
      inside[0] = 0;
      throw new IllegalStateException("two inside");
    }
  }

  private static Map<String, Runnable> twice(Runnable body) {
    Map<String, Runnable> threads = new LinkedHashMap<>();
    threads.put("A", body);
    threads.put("B", body);
    return threads;
  }

  private static SearchResult search(Scenario scenario) {
    try (Search search = new Search(scenario, Deadline.start())) {
      return search.exhaustive(3);
    }
  }
}
