package org.jmmu.types;

/**
 * The kernel found its own state broken: where Linux says {@code BUG_ON}. In a broken variant this
 * is a symptom of the race; anywhere else it is a defect of the emulator.
 */
public final class KernelBug extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public KernelBug(String message) {
    super(message);
  }
}
