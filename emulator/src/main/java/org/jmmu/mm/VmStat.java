package org.jmmu.mm;

import static org.jmmu.types.VmFlags.VM_EXEC;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.types.Mm;

/**
 * Counts what an address space maps. The caller holds mmap_lock(W).
 *
 * @kernel mm/vma.c:vm_stat_account
 */
final class VmStat {
  private VmStat() {}

  static void account(Mm mm, long flags, long nrPages) {
    mm.totalVm += nrPages;
    if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC) {
      mm.execVm += nrPages;
    } else if ((flags & VM_GROWSDOWN) != 0) {
      mm.stackVm += nrPages;
    } else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE) {
      mm.dataVm += nrPages;
    }
  }
}
