package org.jmmu.hw;

/** An exception that the CPU raises other than a page fault; the instruction had no effect. */
public abstract sealed class HardwareException extends RuntimeException
    permits GeneralProtectionException,
        AlignmentCheckException,
        BoundRangeException,
        MachineCheckException,
        NoProgressException {
  private static final long serialVersionUID = 1L;

  HardwareException(String message) {
    super(message);
  }
}
