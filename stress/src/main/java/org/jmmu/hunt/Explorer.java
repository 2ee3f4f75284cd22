package org.jmmu.hunt;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jmmu.lock.LockOrderChecker;
import org.jmmu.race.RaceVariant;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;
import org.jmmu.sched.Scenario;
import org.jmmu.sched.Search;
import org.jmmu.sched.SearchResult;
import org.jmmu.sched.SearchResult.Failure;

/** Searches the scenarios of a variant for a schedule under which its race is lost. */
public final class Explorer {
  private Explorer() {}

  /**
   * Turns pause points on, and the lock order checker's record of who holds what. To be called
   * before anything of the emulator has run in this JVM.
   *
   * @throws IllegalStateException if something has
   */
  public static void prepare() {
    System.setProperty(PausePoint.PROPERTY, "step");
    System.setProperty(LockOrderChecker.PROPERTY, "true");
    if (!PausePoint.canStep()) {
      throw new IllegalStateException("pause points are off in this JVM");
    }
  }

  /** Searches each target that has scenarios. */
  public static Map<Target, Verification> searchAll(
      List<Target> targets, int mostPreemptions, Duration limit, Consumer<Target> onStart) {
    Map<Target, Verification> all = new LinkedHashMap<>();
    for (Target target : targets) {
      if (!target.variant().scenarios().isEmpty()) {
        onStart.accept(target);
        all.put(target, search(target.variant(), mostPreemptions, limit));
      }
    }
    return all;
  }

  /**
   * All schedules of all scenarios, those with fewer preemptions first, until one goes wrong.
   *
   * @param limit when to give up
   */
  public static Verification search(RaceVariant variant, int mostPreemptions, Duration limit) {
    List<Scenario> scenarios = variant.scenarios();
    Deadline deadline = Deadline.in(limit);
    long schedules = 0;
    for (int preemptions = 0; preemptions <= mostPreemptions; preemptions++) {
      long ofLevel = 0;
      for (Scenario scenario : scenarios) {
        SearchResult result;
        try (Search search = new Search(scenario, deadline)) {
          result = search.exhaustive(preemptions);
        }
        ofLevel += result.schedules();
        Failure failure = result.failure();
        if (failure != null) {
          FoundSchedule found =
              new FoundSchedule(
                  scenario, failure.schedule(), failure.preemptions(), failure.what());
          return new Verification(scenarios.size(), schedules + ofLevel, preemptions - 1, found);
        }
        if (result.preemptions() < preemptions) {
          return new Verification(scenarios.size(), schedules + ofLevel, preemptions - 1, null);
        }
      }
      schedules = ofLevel; // a level has those of the levels before it again
    }
    return new Verification(scenarios.size(), schedules, mostPreemptions, null);
  }
}
