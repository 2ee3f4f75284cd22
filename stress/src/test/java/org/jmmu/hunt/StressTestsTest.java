package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * What makes a hunt silently hunt less. jcstress's tests exist only if its annotation processor
 * ran, and a test with more actors than CPUs never runs.
 */
class StressTestsTest {
  private static final List<Target> TARGETS = Catalogue.load().select(List.of());

  @BeforeEach
  void annotationProcessorRan() {
    assertNotNull(
        TestList.class.getResource(TestList.LIST),
        "no stress test was generated: is <proc>full</proc> still in the compiler's"
            + " configuration?");
  }

  @Test
  void everyVariantHasItsStressTest() {
    assertFalse(TARGETS.isEmpty(), "the catalogue is empty");
    Set<String> missing = new TreeSet<>();
    for (Target target : TARGETS) {
      missing.add(target.testName());
    }
    missing.removeAll(TestList.tests());
    assertEquals(Set.of(), missing);
  }

  @Test
  void noTestNeedsMoreThanTwoCpus() {
    for (String name : TestList.tests()) {
      assertTrue(TestList.getInfo(name).threads() <= 2, name);
    }
  }

  /** Same actors, same outcome ids: only the verdict tells the variants of a race apart. */
  @Test
  void variantsDifferOnlyInTheirVerdict() {
    for (Target target : TARGETS) {
      TestInfo test = TestList.getInfo(target.testName());
      Target first = new Target(target.race(), target.race().variants().getFirst());
      TestInfo model = TestList.getInfo(first.testName());
      assertEquals(model.actorNames(), test.actorNames(), target::name);
      assertEquals(outcomes(model), outcomes(test), target::name);
    }
  }

  private static Set<String> outcomes(TestInfo test) {
    Set<String> ids = new TreeSet<>();
    for (StateCase row : test.cases()) {
      ids.add(row.matchPattern());
    }
    return ids;
  }
}
