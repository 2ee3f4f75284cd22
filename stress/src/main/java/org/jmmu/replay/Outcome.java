package org.jmmu.replay;

import java.util.function.LongSupplier;
import org.jmmu.types.ErrnoException;

/**
 * How a call ended in the emulator.
 *
 * @param errno its name; empty if the call succeeded
 * @param value what it returned then
 */
record Outcome(String errno, long value) {
  static Outcome of(LongSupplier call) {
    try {
      return new Outcome("", call.getAsLong());
    } catch (ErrnoException e) {
      return new Outcome(e.errno().name(), -1);
    }
  }

  static Outcome of(Runnable call) {
    return of(
        () -> {
          call.run();
          return 0;
        });
  }

  boolean succeeded() {
    return errno.isEmpty();
  }
}
