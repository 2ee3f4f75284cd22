package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import org.jmmu.stress.Measure;
import org.junit.jupiter.api.Test;

class MeasuredTest {
  @Test
  void linesOfSeveralJvmsAreAddedUp() {
    Measure first = Measure.amount("restarts");
    first.add(3);
    first.add(0);
    Measure second = Measure.amount("restarts");
    second.add(7);
    second.add(0);
    assertEquals(
        List.of(new Measured("restarts", Measure.Kind.AMOUNT, 4, 10, 7)),
        Measured.in(List.of("noise", first.line(), second.line())));
  }

  @Test
  void textSaysWhatTheValuesAre() {
    Measure share = Measure.share("eagain");
    share.add(true);
    share.add(false);
    share.add(false);
    share.add(false);
    assertEquals("eagain 25.000 %", Measured.in(List.of(share.line())).getFirst().text());
    assertEquals(
        "restarts 2.5000 a sample, 1,234 at most",
        new Measured("restarts", Measure.Kind.AMOUNT, 4, 10, 1_234).text());
  }

  @Test
  void notesAreAColumnIfThereAreAny() {
    Finding caught = SampleRace.caughtBroken();
    Finding measured =
        new Finding(
            caught.target(),
            caught.outcomes(),
            Duration.ofSeconds(10),
            caught.firstWitness(),
            List.of(new Measured("restarts", Measure.Kind.AMOUNT, 4, 10, 7)),
            List.of(),
            null);
    List<String> lines =
        TableReport.lines(
            SampleRace.result(measured, SampleRace.survivedFix()),
            TableReport.Outcomes.OF_SURPRISES);
    assertEquals("NOTES", lines.get(0).substring(lines.get(0).lastIndexOf(' ') + 1));
    assertEquals(
        "restarts 2.5000 a sample, 7 at most", lines.get(1).substring(lines.get(1).indexOf("re")));
    assertEquals("yes", lines.get(2).substring(lines.get(2).lastIndexOf(' ') + 1));
  }
}
