package org.jmmu.types;

/** Error numbers of system calls, with Linux's values. */
public enum Errno {
  ENOMEM(12),
  EFAULT(14),
  EEXIST(17),
  EINVAL(22),
  EAGAIN(11);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }
}
