package org.jmmu.proc;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.types.VmFlags.VM_EXEC;
import static org.jmmu.types.VmFlags.VM_MAYSHARE;
import static org.jmmu.types.VmFlags.VM_MPX;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * {@code /proc/PID/maps}: a line per VMA.
 *
 * @kernel fs/proc/task_mmu.c:show_map_vma
 */
public final class Maps {
  /** The gate VMA, which belongs to no address space and ends every list. */
  static final String VSYSCALL =
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

  /** Where names start, less the blank before each. */
  private static final int NAME_COLUMN = 72;

  /** Device numbers: of the file system that holds memfds and shared memory, and of a disk. */
  private static final String SHMEM_DEVICE = "00:01";

  private static final String DISK_DEVICE = "fe:00";

  private Maps() {}

  /** The text of the file. */
  public static String of(Mm mm) {
    StringBuilder text = new StringBuilder();
    mm.mmapLock.readLock();
    try {
      for (Vma vma : mm.vmas.snapshot()) {
        appendLine(text, vma);
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    return text.append(VSYSCALL).toString();
  }

  /** The caller holds mmap_lock. */
  static void appendLine(StringBuilder text, Vma vma) {
    int start = text.length();
    long flags = vma.vmFlagsGetOpaque();
    appendHex(text, vma.vmStartGetOpaque());
    text.append('-');
    appendHex(text, vma.vmEndGetOpaque());
    text.append(' ')
        .append((flags & VM_READ) != 0 ? 'r' : '-')
        .append((flags & VM_WRITE) != 0 ? 'w' : '-')
        .append((flags & VM_EXEC) != 0 ? 'x' : '-')
        .append((flags & VM_MAYSHARE) != 0 ? 's' : 'p')
        .append(' ');
    MappedFile file = vma.file;
    if (file == null) {
      text.append("00000000 00:00 0 ");
    } else {
      appendHex(text, vma.vmPgoffGetOpaque() << PAGE_SHIFT);
      text.append(' ')
          .append(file.mapping.isShmem() ? SHMEM_DEVICE : DISK_DEVICE)
          .append(' ')
          .append(file.mapping.ino)
          .append(' ');
    }
    String name = name(vma);
    if (!name.isEmpty()) {
      text.repeat(' ', Math.max(0, start + NAME_COLUMN - text.length())).append(' ').append(name);
    }
    text.append('\n');
  }

  /**
   * @kernel fs/proc/task_mmu.c:get_vma_name
   */
  private static String name(Vma vma) {
    MappedFile file = vma.file;
    if (file != null) {
      return file.path().replace("\n", "\\012");
    }
    String special = vma.specialName;
    if (special != null) {
      return special;
    }
    if ((vma.vmFlagsGetOpaque() & VM_MPX) != 0) {
      return "[mpx]";
    }
    if (isInitialHeap(vma)) {
      return "[heap]";
    }
    return isInitialStack(vma) ? "[stack]" : "";
  }

  /**
   * @kernel include/linux/mm.h:vma_is_initial_heap
   */
  private static boolean isInitialHeap(Vma vma) {
    return vma.vmStartGetOpaque() < vma.mm.brk && vma.vmEndGetOpaque() > vma.mm.startBrk;
  }

  /**
   * @kernel include/linux/mm.h:vma_is_initial_stack
   */
  private static boolean isInitialStack(Vma vma) {
    long stack = vma.mm.startStack;
    return vma.vmStartGetOpaque() <= stack && vma.vmEndGetOpaque() >= stack;
  }

  private static void appendHex(StringBuilder text, long value) {
    String digits = Long.toHexString(value);
    text.repeat('0', Math.max(0, 8 - digits.length())).append(digits);
  }
}
