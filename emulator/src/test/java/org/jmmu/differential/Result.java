package org.jmmu.differential;

import org.jmmu.types.Errno;

/**
 * What came of a call.
 *
 * @param value what it returned, an error number, or signal and si_code
 * @param stateHash of what the process looked like afterwards, see {@link StateRecorder}
 */
record Result(Kind kind, long value, long stateHash) {
  /** How it ended. The order is that of the numbers in peer.c. */
  enum Kind {
    OK,
    ERRNO,
    SIGNAL,
    /** A place outside the window was chosen; what was put there is gone again. */
    OUTSIDE,
    /** Would have reached outside the window, and was not made. */
    REFUSED,
    /** There is no process with that number, or there is one already. */
    NO_PROCESS,
    /** The process, or the emulator, did not survive it. */
    CRASH;

    private static final Kind[] KINDS = values();

    @SuppressWarnings("EnumOrdinal") // agreed with peer.c
    static Kind of(int number) {
      return KINDS[number];
    }

    @SuppressWarnings("EnumOrdinal") // agreed with peer.c
    int number() {
      return ordinal();
    }
  }

  static final int SIGNAL_SHIFT = 8; // above si_code

  /** Without the state. */
  String text() {
    return switch (kind) {
      case OK -> "0x" + Long.toHexString(value);
      case ERRNO -> errnoName();
      case SIGNAL -> "signal " + (value >> SIGNAL_SHIFT) + " code " + (value & 0xff);
      case OUTSIDE, REFUSED, NO_PROCESS, CRASH -> kind.name();
    };
  }

  private String errnoName() {
    for (Errno errno : Errno.values()) {
      if (errno.number() == value) {
        return errno.name();
      }
    }
    return "errno " + value;
  }
}
