package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.annotations.Expect;

class FindingTest {
  @Test
  void brokenVariantMustBeCaught() {
    assertTrue(SampleRace.caughtBroken().asExpected());
    assertFalse(
        SampleRace.finding(SampleRace.NONE, Expect.ACCEPTABLE_INTERESTING, 0, null).asExpected());
  }

  @Test
  void fixMustSurvive() {
    assertTrue(SampleRace.survivedFix().asExpected());
    assertFalse(SampleRace.caughtFix().asExpected());
  }

  @Test
  void interestingOutcomeOfFixCountsAsBad() {
    assertFalse(
        SampleRace.finding(SampleRace.SEQ_ADDR, Expect.ACCEPTABLE_INTERESTING, 1, null)
            .asExpected());
  }

  @Test
  void troubleSpoilsWhatLooksRight() {
    assertFalse(
        SampleRace.finding(SampleRace.SEQ_ADDR, Expect.FORBIDDEN, 0, null, "a fork died")
            .asExpected());
  }

  @Test
  void nothingSeenIsNeverAsExpected() {
    for (Target target : List.of(SampleRace.NONE, SampleRace.SEQ_ADDR)) {
      Finding nothing = Finding.nothing(target, "no stress test");
      assertFalse(nothing.asExpected());
      assertEquals("nothing", nothing.seen());
      assertNull(nothing.upperBound95());
      assertEquals(0, nothing.samplesPerSecond());
    }
  }

  @Test
  void boundIsThreeOverTheSamplesOfASurvivor() {
    assertEquals(3e-6, SampleRace.survivedFix().upperBound95());
    assertNull(SampleRace.caughtBroken().upperBound95());
  }

  @Test
  void rateCountsTestingTimeOnly() {
    assertEquals(100_000, SampleRace.survivedFix().samplesPerSecond());
  }
}
