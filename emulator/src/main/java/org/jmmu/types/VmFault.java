package org.jmmu.types;

/**
 * How a fault ended; 0: the access can be tried again.
 *
 * @kernel include/linux/mm_types.h:enum vm_fault_reason
 */
public final class VmFault {
  public static final int VM_FAULT_OOM = 0x1;
  public static final int VM_FAULT_SIGBUS = 0x2;

  /** Needs more than the VMA's own lock: again with mmap_lock. */
  public static final int VM_FAULT_RETRY = 0x400;

  /**
   * Somebody else is to bring the page in: the caller gives up its lock, waits for that, and then
   * the access can be tried again.
   *
   * @kernel fs/userfaultfd.c:handle_userfault, which does all that itself
   */
  public static final int VM_FAULT_USERFAULT = 0x10_0000;

  private VmFault() {}
}
