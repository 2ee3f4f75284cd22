package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
  @Test
  void fewVariantsGetTenSecondsAndManyShareTheHunt() {
    assertEquals(Duration.ofSeconds(10), Budget.defaultPerVariant(3));
    assertEquals(Duration.ofSeconds(4), Budget.defaultPerVariant(20));
  }

  @Test
  void shortBudgetIsOneFork() {
    assertEquals(new Budget(1, 1, 500), Budget.of(Duration.ofMillis(500), 1));
  }

  @Test
  void everyPlacementGetsItsShare() {
    assertEquals(new Budget(2, 5, 1_000), Budget.of(Duration.ofSeconds(10), 1));
    assertEquals(new Budget(1, 4, 833), Budget.of(Duration.ofSeconds(10), 3));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 999, 1_001, 4_000, 10_000, 61_000, 3_600_000})
  void forksAndIterationsAddUpToTheBudget(long millis) {
    Budget budget = Budget.of(Duration.ofMillis(millis), 1);
    long total = budget.forks() * budget.fork().toMillis();
    assertTrue(total <= millis && total >= millis * 0.99, () -> budget + " for " + millis);
    assertTrue(budget.fork().toSeconds() <= 60, budget::toString);
  }
}
