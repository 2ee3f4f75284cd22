package org.jmmu.hunt;

import java.util.List;
import java.util.Map;
import org.openjdk.jcstress.infra.runners.TestConfig;

/**
 * What jcstress is going to run.
 *
 * @param jvms in the order they are started
 * @param budget how long each of them takes
 * @param obstacles why a target cannot be run; a target that can has none
 */
record Plan(List<Group> jvms, Budget budget, Map<Target, String> obstacles) {
  /** One per test and fork, whether or not they share JVMs. */
  List<TestConfig> runs() {
    return jvms.stream().flatMap(jvm -> jvm.members().stream()).toList();
  }

  /** The most tests that one JVM runs. */
  int mostTests() {
    return jvms.stream().mapToInt(jvm -> jvm.members().size()).max().orElse(1);
  }

  /** How many runs test {@code target}. */
  int runsOf(Target target) {
    return (int) runs().stream().filter(run -> run.name.equals(target.testName())).count();
  }
}
