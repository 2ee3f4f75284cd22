package org.jmmu.proc;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * {@code /proc/PID/smaps}: maps, with what is in memory of each VMA. Without huge pages, same-page
 * merging, whose lines Linux prints as zero, or not at all.
 *
 * @kernel fs/proc/task_mmu.c:show_smap
 */
public final class Smaps {
  private static final int NUMBER_WIDTH = 24;
  private static final int BYTES_PER_KB = 1024;

  private final StringBuilder text = new StringBuilder();

  private Smaps() {}

  /** The text of the file. */
  public static String of(PhysMemory phys, PageTables tables, Swapfile swapfile, Mm mm) {
    Smaps smaps = new Smaps();
    mm.mmapLock.readLock();
    try {
      for (Vma vma : mm.vmas.snapshot()) {
        Maps.appendLine(smaps.text, vma);
        smaps.append(vma.nrPages() << PAGE_SHIFT, MemSizeStats.of(phys, tables, swapfile, vma));
        smaps.appendPkey(mm, vma.vmFlagsGetOpaque());
        smaps.text.append("VmFlags: ");
        VmFlagNames.append(smaps.text, vma.vmFlagsGetOpaque());
        smaps.text.append('\n');
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    smaps.appendGate(mm);
    return smaps.text.toString();
  }

  private void append(long size, MemSizeStats stats) {
    appendSizes(size);
    kb("Rss:", stats.resident);
    kb("Pss:", stats.pss());
    kb("Pss_Dirty:", stats.pssDirty());
    kb("Shared_Clean:", stats.sharedClean);
    kb("Shared_Dirty:", stats.sharedDirty);
    kb("Private_Clean:", stats.privateClean);
    kb("Private_Dirty:", stats.privateDirty);
    kb("Referenced:", stats.referenced);
    kb("Anonymous:", stats.anonymous);
    kb("KSM:", stats.ksm);
    kb("LazyFree:", stats.lazyFree);
    zeroes("AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:");
    zeroes("Shared_Hugetlb:", "Private_Hugetlb:");
    kb("Swap:", stats.swap);
    kb("SwapPss:", stats.swapPss());
    kb("Locked:", stats.pssLocked());
    appendEligible();
  }

  /** Never resident, because it has no page tables of the process. */
  private void appendGate(Mm mm) {
    text.append(Maps.VSYSCALL);
    appendSizes(PAGE_SIZE);
    zeroes("Rss:", "Pss:", "Pss_Dirty:", "Shared_Clean:", "Shared_Dirty:", "Private_Clean:");
    zeroes("Private_Dirty:", "Referenced:", "Anonymous:", "KSM:", "LazyFree:", "AnonHugePages:");
    zeroes("ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:", "Private_Hugetlb:", "Swap:");
    zeroes("SwapPss:", "Locked:");
    appendEligible();
    appendPkey(mm, 0);
    text.append("VmFlags: ex \n");
  }

  private void appendSizes(long size) {
    kb("Size:", size);
    kb("KernelPageSize:", PAGE_SIZE);
    kb("MMUPageSize:", PAGE_SIZE);
  }

  private void appendEligible() {
    number("THPeligible:", 0);
    text.append('\n');
  }

  /**
   * @kernel arch/x86/kernel/setup.c:arch_show_smap
   */
  private void appendPkey(Mm mm, long vmFlags) {
    if (mm.nrPkeys > 1) {
      number("ProtectionKey:", (vmFlags & VmFlags.VM_PKEY) >>> VmFlags.VM_PKEY_SHIFT);
      text.append('\n');
    }
  }

  private void zeroes(String... labels) {
    for (String label : labels) {
      kb(label, 0);
    }
  }

  private void kb(String label, long bytes) {
    number(label, bytes / BYTES_PER_KB);
    text.append(" kB\n");
  }

  private void number(String label, long value) {
    String digits = Long.toString(value);
    text.append(label)
        .repeat(' ', Math.max(1, NUMBER_WIDTH - label.length() - digits.length()))
        .append(digits);
  }
}
