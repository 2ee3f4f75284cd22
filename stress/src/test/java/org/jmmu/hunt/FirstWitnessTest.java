package org.jmmu.hunt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jmmu.stress.Witness;
import org.junit.jupiter.api.Test;

class FirstWitnessTest {
  @Test
  void lineIsFoundAmongOtherOutput() {
    assertEquals(
        new FirstWitness(12, 3_456),
        FirstWitness.in(List.of("noise", "jmmu.witness millis=12 samples=3456", "noise")));
    assertNull(FirstWitness.in(List.of("noise")));
  }

  /** Only once in this JVM: that the witness reports the first bad sample is its whole point. */
  @Test
  void witnessReportsTheFirstBadSampleOnly() {
    PrintStream loud = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      Witness.good();
      Witness.bad();
      Witness.bad();
    } finally {
      System.setOut(loud);
    }
    List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(1, lines.size());
    FirstWitness witness = FirstWitness.in(lines);
    assertEquals(2, witness == null ? 0 : witness.samples());
  }

  @Test
  void earlierRunsCount() {
    assertEquals(new FirstWitness(5_012, 8), new FirstWitness(12, 5).after(5_000, 3));
  }
}
