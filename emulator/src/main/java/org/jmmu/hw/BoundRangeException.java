package org.jmmu.hw;

/** #BR on a CPU whose kernel has no handler for it. */
public final class BoundRangeException extends HardwareException {
  private static final long serialVersionUID = 1L;

  BoundRangeException(long status) {
    super("bound range exceeded, BNDSTATUS 0x" + Long.toHexString(status));
  }
}
