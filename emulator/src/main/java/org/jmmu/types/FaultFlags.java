package org.jmmu.types;

/**
 * How a fault is to be handled.
 *
 * @kernel include/linux/mm_types.h:enum fault_flag
 */
public final class FaultFlags {
  /** The access is a write. */
  public static final int FAULT_FLAG_WRITE = 0x1;

  /** The fault may give up its lock, wait, and be tried again. */
  public static final int FAULT_FLAG_ALLOW_RETRY = 0x4;

  /** The access is a program's. */
  public static final int FAULT_FLAG_USER = 0x40;

  /** No access: a page that others have as well shall become this process's own. */
  public static final int FAULT_FLAG_UNSHARE = 0x400;

  /** The VMA is held by its own lock, not by mmap_lock. */
  public static final int FAULT_FLAG_VMA_LOCK = 0x1000;

  private FaultFlags() {}
}
