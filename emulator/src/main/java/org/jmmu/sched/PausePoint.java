package org.jmmu.sched;

import org.jspecify.annotations.Nullable;

/**
 * Where a schedule can be steered. What reaching a point does is decided once per JVM by the system
 * property {@code jmmu.sched}:
 *
 * <ul>
 *   <li>{@code off} (default): nothing, at no cost;
 *   <li>{@code step}: a thread that a {@link Stepper} runs waits for its turn; others pass;
 *   <li>{@code perturb}: the thread spins for a random time, which widens narrow windows.
 * </ul>
 */
public final class PausePoint {
  /** System property that picks what a pause point does. */
  public static final String PROPERTY = "jmmu.sched";

  private static final String MODE = System.getProperty(PROPERTY, "off");
  private static final boolean STEP = MODE.equals("step");
  private static final boolean PERTURB = MODE.equals("perturb");
  private static final ThreadLocal<@Nullable Steered> STEERED = new ThreadLocal<>();

  private PausePoint() {}

  /** What a steered thread does at its pause points. */
  interface Steered {
    void reached(String point);

    void blocked(String lock);
  }

  /** The calling thread has come to {@code point}, a name such as {@code vmaAdjust.vm_start}. */
  public static void reach(String point) {
    if (STEP) {
      Steered steered = STEERED.get();
      if (steered != null) {
        steered.reached(point);
      }
    } else if (PERTURB) {
      Perturbation.spin();
    }
  }

  /**
   * The calling thread cannot go on until {@code lock} is free.
   *
   * <p>A stepped thread gives up its turn and returns when it has the next one: it should then try
   * again, and not wait for real, because only one stepped thread runs at a time.
   *
   * @return whether the thread is stepped; false = wait as usual
   */
  public static boolean blocked(String lock) {
    if (STEP) {
      Steered steered = STEERED.get();
      if (steered != null) {
        steered.blocked(lock);
        return true;
      }
    }
    return false;
  }

  /** Whether the calling thread is stepped. */
  public static boolean isStepped() {
    return STEP && STEERED.get() != null;
  }

  /** Whether schedules can be stepped in this JVM. */
  public static boolean canStep() {
    return STEP;
  }

  static void steer(@Nullable Steered steered) {
    STEERED.set(steered);
  }
}
