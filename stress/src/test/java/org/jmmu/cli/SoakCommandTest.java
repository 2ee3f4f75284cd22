package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.jmmu.hunt.Catalogue;
import org.jmmu.hunt.Hunt;
import org.jmmu.race.migrationwait.MigrationWaitRace;
import org.jmmu.race.vmaadjust.VmaAdjustRace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class SoakCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    CommandLine command =
        Jmmu.commandLine(
            new Catalogue(List.of(new VmaAdjustRace(), new MigrationWaitRace())), Hunt::run);
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(args);
  }

  @Test
  void mainlineFindsNothing() {
    assertEquals(0, run("soak", "--time", "2s"), out::toString);
    assertTrue(out.toString().endsWith("nothing found with seed 1\n"), out::toString);
    assertTrue(
        out.toString().matches("(?s)[1-9][\\d,]* calls, [1-9].*looked [1-9].*"), out::toString);
  }

  @Test
  void anEntryLeftBehindIsFoundSoon() {
    String[] args = {"soak", "--time", "2m", "--seed", "3", "--variant", "migration-wait:SIGBUS"};
    assertEquals(1, run(args), out::toString);
    String again = "once more: jmmu soak --threads 2 --time 120s --seed 3 --variant";
    assertTrue(out.toString().contains(again), out::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --threads 0           | jmmu soak: --threads must be 1 to 64, not 0
          --threads 65          | jmmu soak: --threads must be 1 to 64, not 65
          --time -1             | jmmu soak: Invalid value for option '--time': '-1' is not a time such as 500ms, 10s or 2m
          --variant vma-adjust  | jmmu soak: --variant is RACE:VARIANT
          """)
  void badArguments(String args, String message) {
    String[] all = ("soak " + args).split(" ", -1);
    assertEquals(2, run(all));
    assertTrue(err.toString().startsWith(message), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }
}
