package org.jmmu.hw.vectors;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Lines of a stream that may be anything: no line can use up memory. One that is longer than any
 * vector comes back in pieces, which are no vectors either.
 */
final class LineReader implements Closeable {
  private static final int LONGEST = 4096;
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final byte[] line = new byte[LONGEST];
  private int next;
  private int end;

  LineReader(InputStream in) {
    this.in = in;
  }

  /** The next line without what ends it, or null at the end. */
  @Nullable String next() throws IOException {
    int length = 0;
    while (length < LONGEST) {
      if (next == end && !fill()) {
        return length == 0 ? null : text(length);
      }
      byte b = buffer[next++];
      if (b == '\n') {
        return text(length > 0 && line[length - 1] == '\r' ? length - 1 : length);
      }
      line[length++] = b;
    }
    return text(length);
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(in.read(buffer), 0);
    return end > 0;
  }

  private String text(int length) {
    return new String(line, 0, length, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
