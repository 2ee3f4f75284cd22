package org.jmmu.hw;

/** A wait of the emulated hardware passed its deadline, or an instruction faults for ever. */
public final class NoProgressException extends HardwareException {
  private static final long serialVersionUID = 1L;

  NoProgressException(String message) {
    super(message);
  }
}
