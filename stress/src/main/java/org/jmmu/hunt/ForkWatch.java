package org.jmmu.hunt;

import java.time.Duration;
import java.time.Instant;
import java.util.Timer;
import java.util.TimerTask;

/**
 * Ends forked JVMs that nobody else would: those that hang, for which jcstress waits for ever, and
 * those that are left when the hunt is interrupted.
 */
final class ForkWatch implements AutoCloseable {
  /**
   * On top of the testing time. jcstress itself gives a test 30 s to finish an iteration and then
   * reports which one hung; that must come first.
   */
  private static final Duration GRACE = Duration.ofSeconds(60);

  private static final long PERIOD_MILLIS = 1_000;

  private final Duration longest;
  private final Thread atExit = new Thread(ForkWatch::endAll, "end-forks");
  private final Timer clock = new Timer("fork-watch", true);

  ForkWatch(Duration testing) {
    longest = testing.plus(GRACE);
    Runtime.getRuntime().addShutdownHook(atExit);
    clock.schedule(
        new TimerTask() {
          @Override
          public void run() {
            endOverdue();
          }
        },
        PERIOD_MILLIS,
        PERIOD_MILLIS);
  }

  private void endOverdue() {
    Instant tooOld = Instant.now().minus(longest);
    // jcstress sees the exit code, and reports the run as failed.
    ProcessHandle.current()
        .descendants()
        .filter(fork -> fork.info().startInstant().orElse(Instant.MAX).isBefore(tooOld))
        .forEach(ProcessHandle::destroyForcibly);
  }

  private static void endAll() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  @Override
  public void close() {
    clock.cancel();
    Runtime.getRuntime().removeShutdownHook(atExit);
  }
}
