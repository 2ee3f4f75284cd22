package org.jmmu.hw.vectors;

import java.io.IOException;

/** A line of a vector file is not what the format says. */
public final class MalformedVectorException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedVectorException(String file, long line, String expected, String found) {
    super("%s:%d: expected %s, found %s".formatted(file, line, expected, found));
  }
}
