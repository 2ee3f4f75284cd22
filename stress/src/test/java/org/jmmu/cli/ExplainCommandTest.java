package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.Hunt;
import org.jmmu.hunt.SampleRace;
import org.jmmu.race.vmaadjust.VmaAdjustRace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ExplainCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path dir;

  private int run(String... args) {
    Catalogue catalogue = new Catalogue(List.of(new VmaAdjustRace(), SampleRace.RACE));
    CommandLine command = Jmmu.commandLine(catalogue, Hunt::run);
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(args);
  }

  @Test
  void aBrokenVariantIsLostStepByStep() {
    assertEquals(0, run("explain", "vma-adjust:NONE"), err::toString);
    String text = out.toString();
    assertTrue(text.startsWith("vma-adjust:NONE, 0-C: lost with 1 preemption; "), text);
    assertTrue(text.contains("frame 6 rw A D → migration entry for frame 6"), text);
    assertTrue(text.contains("W holds: - → MMAP_LOCK"), text);
    assertTrue(text.endsWith("At the end: dangling\n"), text);
  }

  @Test
  void whatIsKeptIsLostAgain() throws IOException {
    Path file = dir.resolve("schedule");
    assertEquals(0, run("explain", "vma-adjust:SEQ_ADDR", "--schedule", file.toString()));
    for (int i = 0; i < 100; i++) {
      assertEquals(0, run("explain", "vma-adjust:SEQ_ADDR", "--replay", file.toString()));
    }
    String text = Files.readString(file);
    Files.writeString(file, text.replace("what dangling", "what else"));
    assertEquals(1, run("explain", "vma-adjust:SEQ_ADDR", "--replay", file.toString()));
    Files.writeString(file, text.replace("SEQ_ADDR", "ROOT_ONLY"));
    assertEquals(1, run("explain", "vma-adjust:ROOT_ONLY", "--replay", file.toString()));
  }

  @Test
  void aFixIsNotLost() {
    assertEquals(1, run("explain", "vma-adjust:ROOT_ONLY", "--preemptions", "1"));
    assertTrue(
        out.toString().matches("(?s)vma-adjust:ROOT_ONLY: not lost in [\\d,]+ schedules of 6 .*"),
        out::toString);
    assertTrue(out.toString().contains("all with at most 1 preemptions"), out::toString);
  }

  @Test
  void thePageStandsAlone() throws IOException {
    Path page = dir.resolve("page.html");
    assertEquals(0, run("explain", "vma-adjust:NONE", "--html", page.toString()));
    String html = Files.readString(page);
    assertTrue(html.contains("<h1>vma-adjust:NONE</h1>"), html);
    assertTrue(html.contains("migration entry for frame 6"), html);
    assertFalse(html.contains("http"), "it fetches something");
    assertFalse(html.contains("{{"), "a place was not filled in");
  }

  @Test
  void aDamagedScheduleIsBadInput() throws IOException {
    Path file = dir.resolve("schedule");
    Files.writeString(file, "target vma-adjust:NONE\nscenario 0-C\nschedule M\nwhat dangling\n");
    assertEquals(2, run("explain", "vma-adjust:NONE", "--replay", file.toString()));
    assertTrue(err.toString().contains("is not a schedule: schedule, line 1: 'M'"), err::toString);
    Files.writeString(file, "target vma-adjust:NONE\nscenario x\nschedule M:end\nwhat dangling\n");
    assertEquals(2, run("explain", "vma-adjust:NONE", "--replay", file.toString()));
    assertEquals(2, run("explain", "vma-adjust:SEQ_ADDR", "--replay", file.toString()));
    assertEquals(3, err.toString().lines().count(), err::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                  | Missing required parameter: 'SLUG:VARIANT'
          vma-adjust                          | name one variant, as in vma-adjust:NONE
          wat:NONE                            | unknown race 'wat'; there are: vma-adjust, sample-race
          sample-race:NONE                    | race sample-race has no scenarios to search
          vma-adjust:NONE --preemptions -1    | --preemptions -1 is less than 0
          vma-adjust:NONE --replay /no/file   | cannot read /no/file: no such file
          vma-adjust:NONE --html /no/dir/file | cannot write --html /no/dir/file: no such directory
          vma-adjust:NONE --schedule a --replay b | --schedule and --replay exclude each other
          """)
  void badArguments(String args, String message) {
    String[] all = ("explain " + args).strip().split(" +", -1);
    assertEquals(2, run(all));
    assertEquals("jmmu explain: " + message, err.toString().strip());
  }
}
