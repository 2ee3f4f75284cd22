package org.jmmu.hw;

/** A fault handler that records the last fault and gives up, as a signal would. */
final class Faults implements FaultHandler {
  /** Thrown for every fault. */
  static final class Signal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Signal(long vaddr, int errorCode) {
      super("0x%x: %s".formatted(vaddr, PageFaultCode.describe(errorCode)));
    }
  }

  long vaddr;
  int errorCode;
  int count;

  @Override
  public void pageFault(Cpu cpu, long faultVaddr, int faultCode) {
    vaddr = faultVaddr;
    errorCode = faultCode;
    count++;
    throw new Signal(faultVaddr, faultCode);
  }
}
