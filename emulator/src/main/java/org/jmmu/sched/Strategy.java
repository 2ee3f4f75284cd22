package org.jmmu.sched;

/**
 * Decides which thread of a {@link ControlledRun} goes on. It is asked by the thread whose turn it
 * is, so by one at a time.
 */
interface Strategy {
  /**
   * The thread that goes on is at a pause point.
   *
   * @param current number of the thread
   * @param others bit n: thread n could go on instead; not 0
   * @return number of the thread that goes on
   */
  int atPoint(int current, long others);

  /** As {@link #atPoint}; the thread does not mind. */
  default int atOffer(int current, long others) {
    return atPoint(current, others);
  }

  /**
   * The thread that went on is done, or waits.
   *
   * @param candidates bit n: thread n can go on; not 0
   * @return number of the thread that goes on
   */
  int atStop(long candidates);

  /** The thread chosen last at a pause point ran into a lock at once. */
  default void inVain() {}
}
