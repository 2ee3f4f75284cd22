package org.jmmu.hunt;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps what jcstress prints off the terminal: while one is open, {@code System.out} goes nowhere.
 */
final class Silence implements AutoCloseable {
  private final PrintStream loud = System.out;

  Silence() {
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    System.setOut(loud);
  }
}
