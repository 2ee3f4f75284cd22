package org.jmmu.soak;

import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;

/** What may come of a call that was made up: it works, it fails with an errno, or a signal. */
final class Outcomes {
  private Outcomes() {}

  /**
   * @throws RuntimeException only what no program can bring about, whatever it asks for
   */
  static void ignoringErrors(Runnable call) {
    try {
      call.run();
    } catch (ErrnoException | SegvException | SigbusException _) {
      // The threads do not know what is mapped: most calls of a run end so.
    }
  }
}
