package org.jmmu.replay;

import java.util.List;

/**
 * A call as strace prints it.
 *
 * @param args as they stand there
 * @param result what follows the equals sign
 */
record SystemCall(String name, List<String> args, String result) {
  /** An error's name follows it. */
  private static final String FAILURE = "-1 ";

  /** Null-like for a call that never returned, or was interrupted before it did anything. */
  boolean hasResult() {
    return !result.startsWith("?");
  }

  boolean succeeded() {
    return hasResult() && !result.startsWith(FAILURE);
  }

  /** As ENOMEM; empty if the call succeeded. */
  String errno() {
    if (!result.startsWith(FAILURE)) {
      return "";
    }
    String rest = result.substring(FAILURE.length());
    int end = rest.indexOf(' ');
    return end < 0 ? rest : rest.substring(0, end);
  }

  /** The argument, or nothing where there are fewer. */
  String arg(int index) {
    return index < args.size() ? args.get(index) : "";
  }

  @Override
  public String toString() {
    return name + "(" + String.join(", ", args) + ")";
  }
}
