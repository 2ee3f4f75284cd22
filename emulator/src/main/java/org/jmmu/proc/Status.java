package org.jmmu.proc;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hw.PteBits;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * The memory lines of {@code /proc/PID/status}. An emulated process has no history: its peaks are
 * what it has now. All its executable pages count as libraries', because no code belongs to the
 * process itself.
 *
 * @kernel fs/proc/task_mmu.c:task_mem
 */
public final class Status {
  private static final int BYTES_PER_KB_SHIFT = 10;

  private final StringBuilder text = new StringBuilder();

  private Status() {}

  /** The lines from VmPeak to VmSwap. */
  public static String of(PhysMemory phys, PageTables tables, Swapfile swapfile, Mm mm) {
    Status status = new Status();
    mm.mmapLock.readLock();
    try {
      status.append(phys, tables, swapfile, mm);
    } finally {
      mm.mmapLock.readUnlock();
    }
    return status.text.toString();
  }

  private void append(PhysMemory phys, PageTables tables, Swapfile swapfile, Mm mm) {
    long anon = 0;
    long file = 0;
    long shmem = 0;
    long swap = 0;
    for (Vma vma : mm.vmas.snapshot()) {
      MemSizeStats stats = MemSizeStats.of(phys, tables, swapfile, vma);
      anon += stats.anonymous;
      swap += stats.swap;
      if (vma.file != null && vma.file.mapping.isShmem()) {
        shmem += stats.resident - stats.anonymous;
      } else {
        file += stats.resident - stats.anonymous;
      }
    }
    long resident = anon + file + shmem;
    kb("VmPeak", mm.totalVm << PAGE_SHIFT);
    kb("VmSize", mm.totalVm << PAGE_SHIFT);
    kb("VmLck", mm.lockedVm << PAGE_SHIFT);
    kb("VmPin", 0);
    kb("VmHWM", resident);
    kb("VmRSS", resident);
    kb("RssAnon", anon);
    kb("RssFile", file);
    kb("RssShmem", shmem);
    kb("VmData", mm.dataVm << PAGE_SHIFT);
    kb("VmStk", mm.stackVm << PAGE_SHIFT);
    kb("VmExe", 0);
    kb("VmLib", mm.execVm << PAGE_SHIFT);
    kb("VmPTE", pgtablesBytes(phys, mm.pgdPfn, PteBits.LEVEL_PGD));
    kb("VmSwap", swap);
  }

  /** All tables below this one; the top-level one does not count. */
  private static long pgtablesBytes(PhysMemory phys, long tablePfn, int level) {
    long bytes = 0;
    for (int i = 0; i < PteBits.ENTRIES_PER_TABLE && level > PteBits.LEVEL_PTE; i++) {
      long entry = Mem.longGetAcquire(phys.frameAddr(tablePfn) + ((long) i << 3));
      if (entry != 0 && !PageTables.isHuge(entry)) {
        bytes += PAGE_SIZE + pgtablesBytes(phys, Pte.pfn(entry), level - 1);
      }
    }
    return bytes;
  }

  private void kb(String label, long bytes) {
    String digits = Long.toString(bytes >> BYTES_PER_KB_SHIFT);
    text.append(label)
        .append(":\t")
        .repeat(' ', Math.max(0, 8 - digits.length()))
        .append(digits)
        .append(" kB\n");
  }
}
