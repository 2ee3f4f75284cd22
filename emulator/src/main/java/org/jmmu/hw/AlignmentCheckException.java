package org.jmmu.hw;

/**
 * #AC: an atomic read-modify-write on an address that is not a multiple of its size. Silicon splits
 * such a lock over two cache lines, or traps when split-lock detection is on (SDM vol 3, 9.1.2.3);
 * here it always traps.
 */
public final class AlignmentCheckException extends HardwareException {
  private static final long serialVersionUID = 1L;

  AlignmentCheckException(long vaddr, int size) {
    super("locked access of %d bytes at 0x%x is not aligned".formatted(size, vaddr));
  }
}
