package org.jmmu.hw;

/** What the kernel installs as its entry for #BR; implemented above this package. */
@FunctionalInterface
public interface BoundRangeHandler {
  /**
   * Called on the thread of {@code cpu}, outside any access. Returning starts the instruction over;
   * throwing ends it, which is how a signal is delivered.
   *
   * @param bounds of the CPU: its BNDSTATUS says why
   * @param register number of the bounds register that was checked; -1 if none was
   * @param vaddr the address that was checked; 0 if none was
   */
  void boundRange(Cpu cpu, BoundsUnit bounds, int register, long vaddr);
}
