package org.jmmu.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Runs the standard set and prints one table: what was measured, beside the host kernel and the
 * physical floor, and which targets are met.
 */
final class Report {
  private static final int FULL_ROUNDS = 3;

  /** A ratio so near to 1 means nothing without its error, which takes more than one round. */
  private static final int PAUSE_POINT_ROUNDS = 3;

  static final String USAGE =
      """
      usage: java -jar benchmarks.jar report [--quick] [--json FILE]
               runs the standard set and prints a table, progress goes to stderr
               --quick      one round: no error bars, no pause points; 2 minutes instead of 6
               --json FILE  writes all results in JMH's format
             java -jar benchmarks.jar [JMH options]
               runs benchmarks of your choice; -h lists the options
      """;

  private boolean quick;
  private @Nullable Path json;

  private Report() {}

  /** Exit code: 0, 1 if a benchmark failed, 2 for bad arguments. */
  static int run(String... args) {
    Report report = new Report();
    try {
      report.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      return 2;
    }
    try {
      report.measureAndPrint();
      return 0;
    } catch (RunnerException | IOException e) {
      System.err.println("report failed: " + e);
      return 1;
    }
  }

  private void parse(String... args) {
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--quick" -> quick = true;
        case "--json" -> {
          if (++i == args.length) {
            throw new IllegalArgumentException("--json needs a file");
          }
          json = writable(args[i]);
        }
        default ->
            throw new IllegalArgumentException(
                "report: unknown argument " + args[i] + System.lineSeparator() + USAGE);
      }
    }
  }

  /** Found out before the measurement, not after it. */
  private static Path writable(String name) {
    Path path = Path.of(name);
    try {
      Files.writeString(path, "");
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot write " + name + ": " + e.getMessage(), e);
    }
    return path;
  }

  private void measureAndPrint() throws RunnerException, IOException {
    StandardSet set = new StandardSet(quick, System.err);
    Figures figures = new Figures();
    for (int round = 0; round < (quick ? 1 : FULL_ROUNDS); round++) {
      set.runOnce(figures);
    }
    for (int round = 0; round < (quick ? 0 : PAUSE_POINT_ROUNDS); round++) {
      set.runPausePointsOnce(figures);
    }
    System.out.println(ReportTable.of(figures).text());
    System.out.print(VmaAdjustTable.of(figures).text());
    if (json != null) {
      try (PrintStream out =
          new PrintStream(Files.newOutputStream(json), false, StandardCharsets.UTF_8)) {
        ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(figures.merged());
      }
    }
  }
}
