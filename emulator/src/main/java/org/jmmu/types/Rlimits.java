package org.jmmu.types;

/**
 * Limits of one process, in bytes, inherited by fork and kept by execve. Written by the process's
 * own thread.
 *
 * @kernel include/uapi/asm-generic/resource.h
 */
public final class Rlimits {
  public static final long RLIM_INFINITY = -1L; // as an unsigned number

  public long as = RLIM_INFINITY;
  public long data = RLIM_INFINITY;
  public long stack = 8L << 20;
  public long memlock = 8L << 20;

  /** CAP_IPC_LOCK: {@link #memlock} does not bind. */
  public boolean capIpcLock;

  /** A copy for a child. */
  public Rlimits copy() {
    Rlimits copy = new Rlimits();
    copy.as = as;
    copy.data = data;
    copy.stack = stack;
    copy.memlock = memlock;
    copy.capIpcLock = capIpcLock;
    return copy;
  }
}
