package org.jmmu.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How far a run over a vector file is, for a {@link ProgressLine}. */
final class WalkProgress implements ProgressLine.Source {
  private record State(long position, String summary) {}

  // Telling somebody who looks twice a second must not cost anything per row.
  private static final int ROWS_PER_UPDATE = 1000;

  private final long size;
  private volatile State state = new State(0, "starting");
  private int rows;

  /** {@code size} is that of the stored file, 0 if it is not known. */
  WalkProgress(long size) {
    this.size = size;
  }

  /** A pipe has no size. */
  static long sizeOf(Path file) throws IOException {
    return Files.isRegularFile(file) ? Files.size(file) : 0;
  }

  void row(long position, WalkResult result) {
    if (++rows % ROWS_PER_UPDATE == 0) {
      state = new State(position, result.summary());
    }
  }

  @Override
  public String text() {
    State now = state;
    String share = size == 0 ? "" : "%3d %%  ".formatted(now.position() * 100 / size);
    return share + now.summary();
  }
}
