package org.jmmu.bench;

import java.io.IOException;

/**
 * Entry of the benchmarks' jar: JMH itself, with all its options, or a report of the standard set.
 */
public final class Bench {
  private Bench() {}

  public static void main(String[] args) throws IOException {
    org.openjdk.jmh.Main.main(args);
  }
}
