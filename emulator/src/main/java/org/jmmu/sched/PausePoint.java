package org.jmmu.sched;

import org.jspecify.annotations.Nullable;

/**
 * Where a schedule can be steered. What reaching a point does is decided once per JVM by the system
 * property {@code jmmu.sched}:
 *
 * <ul>
 *   <li>{@code off} (default): nothing, at no cost;
 *   <li>{@code step}: a thread that a {@link Stepper} or a {@link Search} runs waits for its turn;
 *       others pass;
 *   <li>{@code perturb}: the thread spins for a random time, which widens narrow windows;
 *   <li>{@code yield}: the same, and now and then it gives its CPU to another thread, so that
 *       threads meet which have no CPU each.
 * </ul>
 */
public final class PausePoint {
  /** System property that picks what a pause point does. */
  public static final String PROPERTY = "jmmu.sched";

  private static final String MODE = System.getProperty(PROPERTY, "off");
  private static final boolean STEP = MODE.equals("step");
  private static final boolean PERTURB = MODE.equals("perturb");
  private static final boolean YIELD = MODE.equals("yield");
  private static final ThreadLocal<@Nullable Steered> STEERED = new ThreadLocal<>();

  private PausePoint() {}

  /** What a steered thread does at its pause points. */
  interface Steered {
    void reached(String point);

    /** Passes the turn on; returns when it is this thread's turn again. */
    void blocked(String lock);

    void unblocked();

    void released();

    void offered(String point);
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
    } else if (YIELD) {
      Perturbation.spinOrYield();
    }
  }

  /**
   * The calling thread is about to wait for {@code lock}. A wait is written as
   *
   * <pre>{@code
   * while (!available()) {
   *   if (!PausePoint.blocked(name)) {
   *     park(); // or spin
   *   }
   * }
   * PausePoint.unblocked();
   * }</pre>
   *
   * so that a stepped thread never really waits: it looks again whenever its turn comes, which
   * makes a run depend on the schedule alone and not on how fast a wake-up travels.
   *
   * @param lock a name that does not vary from run to run (no address, no identity hash)
   * @return whether the thread is stepped; it has then passed its turn on, and got it back
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

  /** The wait announced by {@link #blocked} is over: the calling thread has what it waited for. */
  public static void unblocked() {
    if (STEP) {
      Steered steered = STEERED.get();
      if (steered != null) {
        steered.unblocked();
      }
    }
  }

  /**
   * The calling thread has given up something that others may wait for. Whoever searches schedules
   * lets those who wait look again only then, or when nobody else can go on.
   *
   * @param point a pause point, reached behind the release
   */
  public static void released(String point) {
    if (STEP) {
      Steered steered = STEERED.get();
      if (steered != null) {
        steered.released();
        steered.reached(point);
      }
    }
  }

  /**
   * As {@link #reach}; but a thread that loses its turn here has offered it, which a search does
   * not count as a preemption.
   */
  public static void offer(String point) {
    if (STEP) {
      Steered steered = STEERED.get();
      if (steered != null) {
        steered.offered(point);
      }
    }
  }

  /** Whether a {@link Stepper} runs the calling thread. */
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
