package org.jmmu.stress;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * A number that samples of a stress test have beside their outcome, such as how often a walk
 * started over. When the test is over it is printed, in a line that jcstress hands to the hunt
 * together with the result. Created by the stress test's class, as a constant.
 */
public final class Measure {
  /** What the line starts with. */
  public static final String LINE_START = "jmmu.measure";

  private static final Queue<Measure> ALL = new ConcurrentLinkedQueue<>();

  /** What the values are. */
  public enum Kind {
    /** How much of something there was in a sample. */
    AMOUNT,
    /** 1 if something happened in a sample, else 0. */
    SHARE
  }

  private final String name;
  private final Kind kind;
  private final LongAdder samples = new LongAdder();
  private final LongAdder sum = new LongAdder();
  private final LongAccumulator most = new LongAccumulator(Long::max, 0);

  private Measure(String name, Kind kind) {
    this.name = name;
    this.kind = kind;
    ALL.add(this);
  }

  /**
   * @param name one word
   */
  public static Measure amount(String name) {
    return new Measure(name, Kind.AMOUNT);
  }

  /**
   * @param name one word
   */
  public static Measure share(String name) {
    return new Measure(name, Kind.SHARE);
  }

  /** Of one sample; not negative. */
  public void add(long value) {
    samples.increment();
    if (value != 0) {
      sum.add(value);
      most.accumulate(value);
    }
  }

  /** Whether it happened in one sample. */
  public void add(boolean happened) {
    add(happened ? 1 : 0);
  }

  /** As it is printed. */
  public String line() {
    return "%s name=%s kind=%s samples=%d sum=%d most=%d"
        .formatted(LINE_START, name, kind, samples.sum(), sum.sum(), most.get());
  }

  /** Prints those that got values, and starts over; called when no sample is under way. */
  static void printAll() {
    for (Measure measure : ALL) {
      if (measure.samples.sum() > 0) {
        System.out.println(measure.line());
      }
      measure.samples.reset();
      measure.sum.reset();
      measure.most.reset();
    }
  }
}
