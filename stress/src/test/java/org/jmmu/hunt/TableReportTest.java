package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jmmu.hunt.TableReport.Outcomes;
import org.junit.jupiter.api.Test;

class TableReportTest {
  @Test
  void allAsExpected() {
    assertEquals(
        """
        RACE:VARIANT          EXPECTED  SEEN        BAD    SAMPLES  SAMPLES/S  FIRST BAD  95% BOUND  AS EXPECTED
        sample-race:NONE      broken    CAUGHT    1,234  1,000,000    100,000      12 ms          -  yes
        sample-race:SEQ_ADDR  correct   survived      0  1,000,000    100,000          -    3.0e-06  yes

        95% BOUND: with that confidence, a smaller share of all samples is bad (3/n).
        All as expected after 25.3 s.
        """,
        text(
            SampleRace.result(SampleRace.caughtBroken(), SampleRace.survivedFix()),
            Outcomes.OF_SURPRISES));
  }

  @Test
  void surprisesAreExplained() {
    assertEquals(
        """
        RACE:VARIANT          EXPECTED  SEEN     BAD    SAMPLES  SAMPLES/S  FIRST BAD  95% BOUND  AS EXPECTED
        sample-race:NONE      broken    nothing    0          0          0          -          -  NO
        sample-race:SEQ_ADDR  correct   CAUGHT     1  1,000,000    100,000      2.5 s          -  NO

        sample-race:NONE: what NONE does
          ! the stress test gave no result

        sample-race:SEQ_ADDR: what SEQ_ADDR does
          OUTCOME  SAMPLES  GRADE
          clean    999,999  acceptable  both walks agree
          lost           1  forbidden   the walk <missed> it

        2 of 2 NOT as expected after 25.3 s.
        The machine was busy (load 5.0 on 2 CPUs), which hides races.
        """,
        text(
            SampleRace.result(
                Finding.nothing(SampleRace.NONE, "the stress test gave no result"),
                SampleRace.caughtFix()),
            Outcomes.OF_SURPRISES));
  }

  private static String text(HuntResult result, Outcomes outcomes) {
    return String.join("\n", TableReport.lines(result, outcomes)) + "\n";
  }
}
