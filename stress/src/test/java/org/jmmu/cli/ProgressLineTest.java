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

  private ProgressLine progress(ProgressLine.Source source) {
    return new ProgressLine(new PrintStream(terminal, true, StandardCharsets.UTF_8), source);
  }

  @Test
  void tellsHuntsRunsAndCatches() {
    HuntProgress hunt = new HuntProgress();
    try (ProgressLine progress = progress(hunt)) {
      assertEquals("0:03  starting", progress.line(Duration.ofSeconds(3)));
      hunt.starting(6);
      hunt.finished("org.jmmu.stress.VmaAdjustStress.RootOnly", false);
      assertEquals("1:05  1 of 6 runs done", progress.line(Duration.ofSeconds(65)));
      hunt.finished("org.jmmu.stress.VmaAdjustStress.None", true);
      assertEquals(
          "1:06  2 of 6 runs done  caught: VmaAdjustStress.None",
          progress.line(Duration.ofSeconds(66)));
    }
  }

  @Test
  void tellsShareOfVectorFile() {
    WalkResult result = new WalkResult();
    WalkProgress walk = new WalkProgress(4000);
    WalkProgress pipe = new WalkProgress(0);
    for (int i = 0; i < 1000; i++) {
      result.add(i, i == 7 ? "wrong" : null);
      walk.row(i, result);
      pipe.row(i, result);
    }
    assertEquals(" 24 %  999 passed, 1 failed", walk.text());
    assertEquals("999 passed, 1 failed", pipe.text());
  }

  @Test
  void neverWraps() {
    try (ProgressLine progress = progress(() -> "wide ".repeat(20))) {
      assertEquals(79, progress.line(Duration.ZERO).length());
    }
  }

  @Test
  void leavesAnEmptyLine() {
    progress(() -> "x").close();
    assertTrue(terminal.toString(StandardCharsets.UTF_8).endsWith("\r\033[K"));
  }
}
