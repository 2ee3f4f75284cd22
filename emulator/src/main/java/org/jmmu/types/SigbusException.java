package org.jmmu.types;

/**
 * SIGBUS, as the kernel would deliver it to the process that made the access: the page lies behind
 * the end of the file ({@code BUS_ADRERR}), or could not be read.
 */
public final class SigbusException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long vaddr;

  public SigbusException(long vaddr) {
    super("SIGBUS at 0x" + Long.toHexString(vaddr));
    this.vaddr = vaddr;
  }

  /** The address that was accessed ({@code si_addr}). */
  public long vaddr() {
    return vaddr;
  }
}
