package org.jmmu.differential;

import org.jmmu.types.VmFlags;

/** The flags of a VMA that smaps shows and that are compared, numbered as in peer.c. */
final class VmaFlagBits {
  private static final long[] FLAGS = {
    VmFlags.VM_READ,
    VmFlags.VM_WRITE,
    VmFlags.VM_EXEC,
    VmFlags.VM_SHARED,
    VmFlags.VM_MAYREAD,
    VmFlags.VM_MAYWRITE,
    VmFlags.VM_MAYEXEC,
    VmFlags.VM_MAYSHARE,
    VmFlags.VM_GROWSDOWN,
    VmFlags.VM_LOCKED,
    VmFlags.VM_SEQ_READ,
    VmFlags.VM_RAND_READ,
    VmFlags.VM_DONTCOPY,
    VmFlags.VM_DONTEXPAND,
    VmFlags.VM_LOCKONFAULT,
    VmFlags.VM_ACCOUNT,
    VmFlags.VM_NORESERVE,
    VmFlags.VM_SYNC,
    VmFlags.VM_WIPEONFORK,
    VmFlags.VM_DONTDUMP,
    VmFlags.VM_HUGEPAGE,
    VmFlags.VM_NOHUGEPAGE,
    VmFlags.VM_MERGEABLE,
    VmFlags.VM_DROPPABLE,
  };

  private VmaFlagBits() {}

  static long of(long vmFlags) {
    long bits = 0;
    for (int i = 0; i < FLAGS.length; i++) {
      if ((vmFlags & FLAGS[i]) != 0) {
        bits |= 1L << i;
      }
    }
    return bits;
  }
}
