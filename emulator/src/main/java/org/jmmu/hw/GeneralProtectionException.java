package org.jmmu.hw;

/** #GP(0): a non-canonical address, or a control register given a value it cannot hold. */
public final class GeneralProtectionException extends HardwareException {
  private static final long serialVersionUID = 1L;

  GeneralProtectionException(String message) {
    super(message);
  }

  static GeneralProtectionException nonCanonical(long vaddr) {
    return new GeneralProtectionException("non-canonical address 0x%016x".formatted(vaddr));
  }
}
