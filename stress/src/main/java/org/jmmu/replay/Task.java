package org.jmmu.replay;

import org.jspecify.annotations.Nullable;

/**
 * One thread or process of a log. Its parent is known once the call that made it has returned,
 * which may be after its own first lines.
 */
final class Task {
  final int pid;
  private @Nullable Clone clone;

  /** What a fork, vfork or clone shared with the child. */
  record Clone(Task parent, boolean sharesMm, boolean sharesFiles) {}

  Task(int pid) {
    this.pid = pid;
  }

  boolean isBound() {
    return clone != null;
  }

  void bind(Clone made) {
    clone = made;
  }
}
