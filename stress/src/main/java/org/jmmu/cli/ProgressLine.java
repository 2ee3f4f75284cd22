package org.jmmu.cli;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;

/** One line on a terminal that says how far a command is. */
final class ProgressLine implements AutoCloseable {
  /** What there is to say. It is asked by a thread of its own. */
  interface Source {
    String text();
  }

  /** Fits the narrowest terminal that anybody uses; a line that wraps cannot be taken back. */
  private static final int WIDTH = 79;

  private static final long PERIOD_MILLIS = 500;

  private static final String TO_LINE_START_AND_CLEAR = "\r\033[K";

  private final PrintStream terminal;
  private final Source source;
  private final long start = System.nanoTime();
  private final Timer clock = new Timer("progress", true);
  private boolean closed;

  ProgressLine(PrintStream terminal, Source source) {
    this.terminal = terminal;
    this.source = source;
    clock.schedule(
        new TimerTask() {
          @Override
          public void run() {
            show();
          }
        },
        0,
        PERIOD_MILLIS);
  }

  /** Whether somebody watches: neither input nor output is a pipe or a file. */
  @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 never gave null, 25 does again.
  static boolean hasTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private synchronized void show() {
    // A task that has begun is not cancelled any more.
    if (!closed) {
      terminal.print(TO_LINE_START_AND_CLEAR + line(Duration.ofNanos(System.nanoTime() - start)));
      terminal.flush();
    }
  }

  String line(Duration elapsed) {
    String line =
        "%d:%02d  %s".formatted(elapsed.toMinutes(), elapsed.toSecondsPart(), source.text());
    return line.length() <= WIDTH ? line : line.substring(0, WIDTH - 3) + "...";
  }

  @Override
  public void close() {
    clock.cancel();
    synchronized (this) {
      closed = true;
      terminal.print(TO_LINE_START_AND_CLEAR);
      terminal.flush();
    }
  }
}
