package org.jmmu.hw;

/** What the kernel installs as its page-fault entry; implemented above this package. */
@FunctionalInterface
public interface FaultHandler {
  /**
   * Called on the thread of {@code cpu}, outside its access section, so that it may take locks,
   * wait and shoot down other CPUs. CR2 holds {@code vaddr} too.
   *
   * <p>Returning retries the instruction; throwing ends it, which is how a signal is delivered.
   *
   * @param errorCode {@link PageFaultCode} bits
   */
  void pageFault(Cpu cpu, long vaddr, int errorCode);
}
