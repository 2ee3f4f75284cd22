package org.jmmu.types;

/** A system call failed. */
public final class ErrnoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  public ErrnoException(Errno errno, String why) {
    super(errno + ": " + why);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
