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

  private VmFault() {}
}
