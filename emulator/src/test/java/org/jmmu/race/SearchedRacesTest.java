package org.jmmu.race;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.Scenario;
import org.jmmu.sched.Search;
import org.jmmu.sched.SearchResult;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the variants' verdicts say is what a search finds: of a broken one a schedule with two
 * preemptions or fewer, of others none with one, or as many as {@code -Djmmu.preemptions} says.
 */
class SearchedRacesTest {
  private static final int PREEMPTIONS = Integer.getInteger("jmmu.preemptions", 1);
  private static final int PREEMPTIONS_OF_BROKEN = 2;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  static Stream<Arguments> variants() {
    return RaceIndex.races().stream()
        .flatMap(
            race ->
                race.variants().stream()
                    .filter(variant -> !variant.scenarios().isEmpty())
                    .map(variant -> Arguments.of(race.slug() + ":" + variant.name(), variant)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("variants")
  void theVerdictIsWhatASearchFinds(String name, RaceVariant variant) {
    List<Scenario> scenarios = variant.scenarios();
    Deadline deadline = Deadline.in(LIMIT);
    StringBuilder lost = new StringBuilder();
    boolean broken = variant.verdict().catchable();
    for (Scenario scenario : scenarios) {
      if (broken && !lost.isEmpty()) {
        break; // once is enough
      }
      try (Search search = new Search(scenario, deadline)) {
        SearchResult result = search.exhaustive(broken ? PREEMPTIONS_OF_BROKEN : PREEMPTIONS);
        if (result.failure() != null) {
          lost.append(scenario.id()).append(": ").append(result.failure()).append('\n');
        }
      }
    }
    assertEquals(broken, !lost.isEmpty(), name + "\n" + lost);
  }
}
