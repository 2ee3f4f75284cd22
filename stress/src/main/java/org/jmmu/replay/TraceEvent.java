package org.jmmu.replay;

/** What a log says happened, in the order in which it is replayed. */
sealed interface TraceEvent {
  Task task();

  /**
   * A finished system call.
   *
   * @param line where it begins in the log
   */
  record Call(int line, Task task, SystemCall call) implements TraceEvent {}

  /** A fork, vfork or clone that succeeded. It comes before everything the child does. */
  record Born(int line, Task task, SystemCall call, Task child, Task.Clone how)
      implements TraceEvent {}

  /** The end of a task, by itself or by a signal. */
  record Died(int line, Task task) implements TraceEvent {}
}
