package org.jmmu.differential;

import java.util.StringJoiner;

/**
 * One call of a sequence.
 *
 * @param who number of the process that makes it; 0 is the one a sequence starts with
 * @param arguments as {@link Op} lists them
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Call(int who, Op op, long... arguments) {
  Call {
    if (arguments.length != op.nrArguments()) {
      throw new IllegalArgumentException(op + " with " + arguments.length + " arguments");
    }
  }

  long argument(int i) {
    return arguments[i];
  }

  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "P" + who + " " + op + "(", ")");
    for (int i = 0; i < arguments.length; i++) {
      text.add(ArgumentText.of(op.argument(i), arguments[i]));
    }
    return text.toString();
  }
}
