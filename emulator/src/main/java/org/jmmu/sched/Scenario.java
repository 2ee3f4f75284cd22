package org.jmmu.sched;

import java.util.Map;

/** A few threads over some state, to be run again and again under different schedules. */
public interface Scenario {
  /** Names the scenario among those of its race. */
  String id();

  /** Everything up to the point where the threads start; the same every time. */
  Trial start();

  /** One run. */
  interface Trial extends AutoCloseable {
    /** The threads by name, in the order in which they run if nobody interferes. */
    Map<String, Runnable> threads();

    /**
     * What is wrong once all threads are done, in one line; empty if nothing is. An exception that
     * ended a thread is wrong in any case.
     */
    String verdict();

    /**
     * The state that the threads race for: what each thing is called, and its value now. Read by
     * the thread whose turn it is, without taking locks.
     */
    Map<String, String> state();

    @Override
    void close();
  }
}
