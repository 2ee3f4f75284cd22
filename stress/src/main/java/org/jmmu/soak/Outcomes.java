package org.jmmu.soak;

import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;

/** What may come of a call that was made up: it works, it fails with an errno, or a signal. */
final class Outcomes {
  private Outcomes() {}

  /**
   * @return whether it worked; the threads do not know what is mapped, so that often it does not
   * @throws RuntimeException only what no program can bring about, whatever it asks for
   */
  static boolean succeeds(Runnable call) {
    try {
      call.run();
      return true;
    } catch (ErrnoException | SegvException | SigbusException _) {
      return false;
    }
  }
}
