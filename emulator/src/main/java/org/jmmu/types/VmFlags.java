package org.jmmu.types;

/**
 * Flags of a VMA, with the kernel's values.
 *
 * @kernel include/linux/mm.h:VM_READ
 */
public final class VmFlags {
  public static final long VM_READ = 0x1;
  public static final long VM_WRITE = 0x2;
  public static final long VM_EXEC = 0x4;
  public static final long VM_SHARED = 0x8;
  public static final long VM_MAYREAD = 0x10;
  public static final long VM_MAYWRITE = 0x20;
  public static final long VM_MAYEXEC = 0x40;
  public static final long VM_GROWSDOWN = 0x100;

  /** The bits that mprotect changes. */
  public static final long VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;

  private VmFlags() {}
}
