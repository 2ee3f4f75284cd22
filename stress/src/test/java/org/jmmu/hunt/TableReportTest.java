package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.jmmu.hunt.TableReport.Outcomes;
import org.jmmu.sched.Scenario;
import org.jmmu.sched.Schedule;
import org.junit.jupiter.api.Test;

class TableReportTest {
  private static final Scenario SCENARIO =
      new Scenario() {
        @Override
        public String id() {
          return "0-A";
        }

        @Override
        public Trial start() {
          throw new AssertionError("nobody runs it");
        }
      };

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

  @Test
  void whatASearchFoundStandsBesideTheBound() {
    FoundSchedule found = new FoundSchedule(SCENARIO, Schedule.parse("A:end B:end"), 1, "dangling");
    HuntResult result =
        SampleRace.result(SampleRace.caughtBroken(), SampleRace.survivedFix())
            .with(
                Map.of(
                    SampleRace.NONE, new Verification(1, 17, 0, found),
                    SampleRace.SEQ_ADDR, new Verification(2, 3_456, 2, null)));
    List<String> lines = TableReport.lines(result, Outcomes.OF_SURPRISES);
    assertTrue(lines.get(0).endsWith("95% BOUND  SCHEDULES  PREEMPTIONS     AS EXPECTED"));
    assertTrue(lines.get(1).endsWith("-         17  lost with 1     yes"), lines.get(1));
    assertTrue(lines.get(2).endsWith("3.0e-06      3,456  none with <= 2  yes"), lines.get(2));
    assertTrue(result.asExpected());
  }

  @Test
  void aScheduleThatLosesAFixIsNotAsExpected() {
    FoundSchedule found = new FoundSchedule(SCENARIO, Schedule.parse("A:end B:end"), 2, "dangling");
    HuntResult result =
        SampleRace.result(SampleRace.survivedFix())
            .with(Map.of(SampleRace.SEQ_ADDR, new Verification(1, 99, 1, found)));
    assertFalse(result.asExpected());
    List<String> lines = TableReport.lines(result, Outcomes.OF_SURPRISES);
    assertTrue(lines.get(1).endsWith("99  lost with 2  NO"), lines.get(1));
    assertTrue(lines.contains("  ! there is a schedule that loses the race"), lines::toString);
  }

  private static String text(HuntResult result, Outcomes outcomes) {
    return String.join("\n", TableReport.lines(result, outcomes)) + "\n";
  }
}
