package org.jmmu.bench;

import java.io.IOException;
import java.util.Arrays;

/** Entry of the benchmarks' jar: JMH itself with all its options, or the report. */
public final class Bench {
  private static final String REPORT = "report";

  private Bench() {}

  public static void main(String[] args) throws IOException {
    if (args.length > 0 && args[0].equals(REPORT)) {
      System.exit(Report.run(Arrays.copyOfRange(args, 1, args.length)));
    }
    org.openjdk.jmh.Main.main(args);
  }
}
