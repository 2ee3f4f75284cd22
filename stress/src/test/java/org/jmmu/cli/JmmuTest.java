package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.HuntListener;
import org.jmmu.hunt.HuntResult;
import org.jmmu.hunt.SampleRace;
import org.jmmu.hunt.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The contract of the command line: exit codes, and one line about what is wrong. */
class JmmuTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<Target> hunted = new ArrayList<>();
  private Duration perVariant = Duration.ZERO;
  private HuntResult result =
      SampleRace.result(SampleRace.caughtBroken(), SampleRace.survivedFix());

  @TempDir private Path dir;

  private int run(String... args) {
    CommandLine command =
        Jmmu.commandLine(new Catalogue(List.of(SampleRace.RACE)), this::pretendToHunt);
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(args);
  }

  private HuntResult pretendToHunt(List<Target> targets, Duration time, HuntListener listener) {
    hunted.addAll(targets);
    perVariant = time;
    return result;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                       | jmmu: no command; try --help
          wat                      | jmmu: unknown command 'wat'; try --help
          --wat                    | jmmu: Unknown option: '--wat'
          races x                  | jmmu races: Unmatched argument at index 1: 'x'
          hunt nope                | jmmu hunt: unknown race 'nope'; there are: sample-race
          hunt sample-race:X       | jmmu hunt: race sample-race has no variant 'X'; it has: NONE, SEQ_ADDR
          hunt --era 4.1           | jmmu hunt: unknown era '4.1'; there are: 2.6.34, 2.6.36, 3.7, 3.19, 5.2, 6.18
          hunt --time -1           | jmmu hunt: Invalid value for option '--time': '-1' is not a time such as 500ms, 10s or 2m
          hunt --json /nope/f.json | jmmu hunt: cannot write --json /nope/f.json: no such directory
          hunt --json /            | jmmu hunt: cannot write --json /: it is a directory
          hunt --html /dev/null    | jmmu hunt: cannot write --html /dev/null: there is a file of that name
          hunt --html /dev/null/x  | jmmu hunt: cannot write --html /dev/null/x: Not a directory
          """)
  void badArgumentsAreOneLineAndExitTwo(String args, String line) {
    assertEquals(2, run(args.isEmpty() ? new String[0] : args.split(" ")));
    assertEquals(line + "\n", err.toString());
    assertEquals("", out.toString());
    assertEquals(List.of(), hunted);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "s", "1.5s", "1h", "0s", "0ms", "-1s", "9999999m", " 1s"})
  void noTime(String text) {
    assertEquals(2, run("hunt", "--time", text));
    assertEquals(1, err.toString().lines().count());
  }

  @ParameterizedTest
  @CsvSource({"500ms, PT0.5S", "10s, PT10S", "2m, PT2M"})
  void time(String text, Duration duration) {
    assertEquals(0, run("hunt", "--time", text));
    assertEquals(duration, perVariant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--version",
        "hunt --help",
        "races --help",
        "hunt --version",
        "walk --help"
      })
  void helpIsEverywhere(String args) {
    assertEquals(0, run(args.split(" ")));
    assertFalse(out.toString().isEmpty());
    assertEquals("", err.toString());
  }

  @Test
  void racesListsVariantsAndVerdicts() {
    assertEquals(0, run("races"));
    assertEquals(
        """
        sample-race: a walk & an adjustment
          VARIANT   EXPECTED  KERNEL
          NONE      broken    2.6.34  what NONE does
          SEQ_ADDR  correct   2.6.34  what SEQ_ADDR does

        """,
        out.toString());
  }

  @Test
  void huntThatShowsWhatWasExpectedExitsZero() {
    assertEquals(0, run("hunt"));
    assertEquals(List.of(SampleRace.NONE, SampleRace.SEQ_ADDR), hunted);
    assertTrue(out.toString().endsWith("All as expected after 25.3 s.\n"));
    assertEquals("", err.toString());
  }

  @Test
  void huntThatShowsSomethingElseExitsOne() {
    result = SampleRace.result(SampleRace.caughtFix());
    assertEquals(1, run("hunt", "sample-race:SEQ_ADDR"));
    assertEquals(List.of(SampleRace.SEQ_ADDR), hunted);
    assertTrue(out.toString().contains("1 of 1 NOT as expected after 25.3 s.\n"));
  }

  @Test
  void reportsAreWritten() throws IOException {
    Path json = dir.resolve("hunt.json");
    Path html = dir.resolve("new/page");
    assertEquals(0, run("hunt", "--json", json.toString(), "--html", html.toString()));
    assertTrue(Files.readString(json).startsWith("{"));
    assertTrue(Files.readString(html.resolve("index.html")).startsWith("<!DOCTYPE html>"));
  }

  @Test
  void emptyCatalogueIsNoSuccess() {
    CommandLine command = Jmmu.commandLine(new Catalogue(List.of()), this::pretendToHunt);
    command.setErr(new PrintWriter(err, true));
    assertEquals(2, command.execute("hunt"));
    assertEquals("jmmu hunt: there is no race to hunt\n", err.toString());
  }
}
