package org.jmmu.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream terminal = new ByteArrayOutputStream();

  private ProgressLine progress() {
    return new ProgressLine(new PrintStream(terminal, true, StandardCharsets.UTF_8));
  }

  @Test
  void tellsRunsAndCatches() {
    try (ProgressLine progress = progress()) {
      assertEquals("0:03  starting", progress.line(Duration.ofSeconds(3)));
      progress.starting(6);
      progress.finished("org.jmmu.stress.VmaAdjustStress.RootOnly", false);
      assertEquals("1:05  1 of 6 runs done", progress.line(Duration.ofSeconds(65)));
      progress.finished("org.jmmu.stress.VmaAdjustStress.None", true);
      assertEquals(
          "1:06  2 of 6 runs done  caught: VmaAdjustStress.None",
          progress.line(Duration.ofSeconds(66)));
    }
  }

  @Test
  void neverWraps() {
    try (ProgressLine progress = progress()) {
      progress.starting(20);
      for (int i = 0; i < 20; i++) {
        progress.finished("org.jmmu.stress.SomeStress.Variant" + i, true);
      }
      assertEquals(79, progress.line(Duration.ZERO).length());
    }
  }

  @Test
  void leavesAnEmptyLine() {
    progress().close();
    assertTrue(terminal.toString(StandardCharsets.UTF_8).endsWith("\r\033[K"));
  }
}
