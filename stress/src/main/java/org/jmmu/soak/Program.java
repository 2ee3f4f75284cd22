package org.jmmu.soak;

/**
 * What one thread does in some rounds. What it asks for is decided by its seed alone: never by what
 * came of earlier calls, which depends on how the threads meet.
 */
interface Program {
  /** A round begins: gives the thread's CPU to the process that the program is in. */
  void enter();

  /**
   * Makes one call, or a few that belong together.
   *
   * @return whether it worked
   * @throws RuntimeException only what no program can bring about, whatever it asks for
   */
  boolean next();

  /** The round is over: nothing may be left that the oracles would take for lost. */
  void rest();

  /** There are no more rounds; the CPU runs nothing when it returns. */
  void end();
}
