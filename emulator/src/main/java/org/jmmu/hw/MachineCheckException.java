package org.jmmu.hw;

/**
 * #MC: a physical address that is valid for the CPU model but that no memory answers, because a
 * page-table word or CR3 points past the end of memory.
 */
public final class MachineCheckException extends HardwareException {
  private static final long serialVersionUID = 1L;

  private final long paddr;

  MachineCheckException(long paddr, long vaddr) {
    super("no memory at physical address 0x%x, reached through 0x%x".formatted(paddr, vaddr));
    this.paddr = paddr;
  }

  /** The address that nobody answered. */
  public long paddr() {
    return paddr;
  }
}
