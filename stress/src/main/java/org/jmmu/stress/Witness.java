package org.jmmu.stress;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reports when a race was seen for the first time. Every sample of a stress test ends in {@link
 * #good} or {@link #bad}; the first bad one prints a line that jcstress hands to the hunt together
 * with the result.
 *
 * <p>The state is static, because a JVM that jcstress forks runs one test at a time.
 */
public final class Witness {
  /** What the line starts with. */
  public static final String LINE_START = "jmmu.witness";

  private static volatile long started = System.nanoTime();
  private static final LongAdder samples = new LongAdder();
  private static final AtomicBoolean reported = new AtomicBoolean();

  private Witness() {}

  /** The next sample is the first one of another test; called when none is under way. */
  static void restart() {
    samples.reset();
    reported.set(false);
    started = System.nanoTime();
  }

  /** The sample ended well. */
  public static void good() {
    samples.increment();
  }

  /** The sample ended in an outcome that the variant's fix forbids. */
  public static void bad() {
    samples.increment();
    // Read before the exchange: many samples may be bad, and only the first one is news.
    if (!reported.get() && reported.compareAndSet(false, true)) {
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
      System.out.println(LINE_START + " millis=" + millis + " samples=" + samples.sum());
    }
  }
}
