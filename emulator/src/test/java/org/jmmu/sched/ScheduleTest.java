package org.jmmu.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jmmu.sched.Schedule.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  @Test
  void parsesStepsAcrossLinesAndComments() {
    Schedule schedule =
        Schedule.parse(
            """
            M:migrate.unmapped  # the first walk is done
              W:vmaAdjust.vm_start*2
            # nothing here: M:end
            M:end W:end
            """);
    assertEquals(
        List.of(
            new Step("M", "migrate.unmapped"),
            new Step("W", "vmaAdjust.vm_start*2"),
            new Step("M", "end"),
            new Step("W", "end")),
        schedule.steps());
  }

  @Test
  void pointAndOccurrenceComeApart() {
    Step step = new Step("W", "vmaAdjust.vm_start*2");
    assertEquals("vmaAdjust.vm_start", step.point());
    assertEquals(2, step.occurrence());
    assertEquals(1, new Step("W", "p").occurrence());
    assertTrue(new Step("W", "end").untilEnd());
  }

  @Test
  void printsAsOneLineThatParsesBack() {
    Schedule schedule = Schedule.parse("M:a.b\n\n W:c*3 # x\nM:end");
    assertEquals("M:a.b W:c*3 M:end", schedule.toString());
    assertEquals(schedule, Schedule.parse(schedule.toString()));
    assertEquals(schedule.hashCode(), Schedule.of(schedule.steps()).hashCode());
  }

  @Test
  void emptyTextIsAScheduleOfNoSteps() {
    assertEquals(List.of(), Schedule.parse(" \n # only a comment\n").steps());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "M            | line 1: 'M' is not thread:point",
        "M:           | line 1: 'M:' is not thread:point",
        ":p           | line 1: ':p' is not thread:point",
        "M:a:b        | line 1: 'M:a:b' is not thread:point",
        "M:p*         | line 1: 'M:p*' is not thread:point",
        "M:p*0        | line 1: 'p*0': the count must be 1 or more",
        "M:p*-1       | line 1: 'p*-1': the count must be 1 or more",
        "M:p*x        | line 1: 'p*x': the count is not a number",
        "M:end*2      | line 1: 'end*2': a thread ends only once",
        "\"M:p\nW q\" | line 2: 'W' is not thread:point",
      })
  void badTextIsRefusedWithItsPlace(String text, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Schedule.parse(text));
    String said = String.valueOf(e.getMessage());
    assertTrue(said.startsWith("schedule, " + message), said);
  }

  @Test
  void badStepsAreRefusedWithoutText() {
    assertThrows(IllegalArgumentException.class, () -> new Step("M W", "p"));
    assertThrows(IllegalArgumentException.class, () -> new Step("M", ""));
    assertThrows(IllegalArgumentException.class, () -> new Step("M", "a b"));
  }
}
