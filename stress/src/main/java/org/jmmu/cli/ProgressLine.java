package org.jmmu.cli;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import org.jmmu.hunt.HuntListener;

/** One line on a terminal that says how far a hunt is. */
final class ProgressLine implements HuntListener, AutoCloseable {
  /** Fits the narrowest terminal that anybody uses; a line that wraps cannot be taken back. */
  private static final int WIDTH = 79;

  private static final long PERIOD_MILLIS = 500;

  private static final String TO_LINE_START_AND_CLEAR = "\r\033[K";

  private final PrintStream terminal;
  private final long start = System.nanoTime();
  private final Set<String> caught = new LinkedHashSet<>();
  private int runs;
  private int finished;
  private final Timer clock = new Timer("progress", true);

  ProgressLine(PrintStream terminal) {
    this.terminal = terminal;
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

  @Override
  public synchronized void starting(int planned) {
    runs = planned;
  }

  @Override
  public synchronized void finished(String testName, boolean seenBad) {
    finished++;
    if (seenBad) {
      caught.add(testName.substring(testName.lastIndexOf('.', testName.lastIndexOf('.') - 1) + 1));
    }
  }

  private synchronized void show() {
    terminal.print(TO_LINE_START_AND_CLEAR + line(Duration.ofNanos(System.nanoTime() - start)));
    terminal.flush();
  }

  synchronized String line(Duration elapsed) {
    String time = "%d:%02d".formatted(elapsed.toMinutes(), elapsed.toSecondsPart());
    String line =
        runs == 0
            ? time + "  starting"
            : "%s  %d of %d runs done%s"
                .formatted(
                    time,
                    finished,
                    runs,
                    caught.isEmpty() ? "" : "  caught: " + String.join(", ", caught));
    return line.length() <= WIDTH ? line : line.substring(0, WIDTH - 3) + "...";
  }

  @Override
  public void close() {
    clock.cancel();
    synchronized (this) {
      terminal.print(TO_LINE_START_AND_CLEAR);
      terminal.flush();
    }
  }
}
