package org.jmmu.hunt;

import java.util.List;
import java.util.Map;
import org.openjdk.jcstress.infra.runners.TestConfig;

/**
 * What jcstress is going to run.
 *
 * @param runs one per fork, in the order they are started
 * @param budget how long each of them takes
 * @param obstacles why a target cannot be run; a target that can has none
 */
record Plan(List<TestConfig> runs, Budget budget, Map<Target, String> obstacles) {
  /** How many runs test {@code target}. */
  int runsOf(Target target) {
    return (int) runs.stream().filter(run -> run.name.equals(target.testName())).count();
  }
}
