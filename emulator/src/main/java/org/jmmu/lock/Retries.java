package org.jmmu.lock;

import org.jspecify.annotations.Nullable;

/**
 * An operation that starts over instead of waiting: it counts how often, lets some time pass before
 * each new start, and ends at a deadline, so that a livelock is an outcome too. Made for the first
 * new start only.
 *
 * <pre>{@code
 * Retries retries = null;
 * while (!attempt()) {
 *   retries = Retries.again(retries, "what");
 * }
 * Retries.end(retries);
 * }</pre>
 */
public final class Retries {
  private final String what;
  private final LockWait wait;
  private int count;

  private Retries(String what) {
    this.what = what;
    this.wait = LockWait.begin(what, this);
  }

  /**
   * Another start.
   *
   * @param retries what this method returned last; null before the first new start
   * @param what names the operation, the same in every run
   * @throws org.jmmu.sched.DeadlockException if it has been starting over for too long
   */
  public static Retries again(@Nullable Retries retries, String what) {
    Retries more = retries == null ? new Retries(what) : retries;
    more.count++;
    more.wait.pause();
    return more;
  }

  /** How often the operation has started over. */
  public static int count(@Nullable Retries retries) {
    return retries == null ? 0 : retries.count;
  }

  /** The operation is over, one way or the other. */
  public static void end(@Nullable Retries retries) {
    if (retries != null) {
      retries.wait.end();
    }
  }

  @Override
  public String toString() {
    return what + ", which has started over " + count + " times";
  }
}
