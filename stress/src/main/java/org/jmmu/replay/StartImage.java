package org.jmmu.replay;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_EXEC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_ACCOUNT;
import static org.jmmu.types.VmFlags.VM_DONTDUMP;
import static org.jmmu.types.VmFlags.VM_DONTEXPAND;
import static org.jmmu.types.VmFlags.VM_GROWSDOWN;
import static org.jmmu.types.VmFlags.VM_IO;
import static org.jmmu.types.VmFlags.VM_MAYEXEC;
import static org.jmmu.types.VmFlags.VM_MAYREAD;
import static org.jmmu.types.VmFlags.VM_MAYWRITE;
import static org.jmmu.types.VmFlags.VM_PFNMAP;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.sys.Process;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Builds the address space that execve left, from its maps. What maps do not show follows from what
 * execve always does: segments are private mappings of the program and of its interpreter, each one
 * open file; the stack grows; vvar and vdso cannot.
 */
final class StartImage {
  private static final String STACK = "[stack]";
  private static final long MAY = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  private static final long VVAR_FLAGS =
      VM_MAYREAD | VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;

  private final String file;
  private final Process process;
  private final TraceFiles files;
  private final TouchModel touches;
  private final Map<String, OpenFile> segmentsOf = new HashMap<>();

  /**
   * @param file named in messages
   */
  StartImage(String file, Process process, TraceFiles files, TouchModel touches) {
    this.file = file;
    this.process = process;
    this.files = files;
    this.touches = touches;
  }

  /**
   * @param startBrk what the first {@code brk(NULL)} returned
   * @throws BadInputException if there cannot be such a mapping
   */
  void build(List<MapsLine> maps, long startBrk) throws BadInputException {
    process.mm().startBrk = startBrk;
    process.mm().brk = startBrk;
    List<MapsLine> user = maps.stream().filter(line -> !line.isGate()).toList();
    for (MapsLine line : user) {
      Outcome outcome = Outcome.of(() -> map(line));
      if (!outcome.succeeded()) {
        throw new BadInputException(
            file, maps.indexOf(line) + 1, "cannot be mapped: " + outcome.errno());
      }
    }
    user.forEach(line -> touches.placed(line.start(), line.end(), prot(line)));
    segmentsOf.values().forEach(open -> open.put(process));
  }

  private void map(MapsLine line) {
    if (line.isSpecial()) {
      insert(process.mm(), line);
      return;
    }
    int flags = MAP_PRIVATE | MAP_FIXED;
    int fd = -1;
    if (line.name().isEmpty()) {
      flags |= MAP_ANONYMOUS;
    } else {
      fd =
          segmentsOf
              .computeIfAbsent(line.name(), path -> new OpenFile(files, path, true, false))
              .fd(process, line.name());
    }
    long _ =
        process.mmap(line.start(), line.end() - line.start(), prot(line), flags, fd, line.offset());
  }

  private static void insert(Mm mm, MapsLine line) {
    boolean stack = line.name().equals(STACK);
    long nrPages = (line.end() - line.start()) >> PAGE_SHIFT;
    mm.mmapLock.writeLock();
    try {
      long flags =
          prot(line)
              | switch (line.name()) {
                case STACK -> MAY | VM_GROWSDOWN | VM_ACCOUNT;
                case "[vdso]" -> MAY | VM_DONTEXPAND;
                default -> VVAR_FLAGS;
              };
      long pgoff = stack ? line.start() >> PAGE_SHIFT : 0;
      mm.vmas.insert(
          new Vma(mm, line.start(), line.end(), pgoff, flags, null, stack ? null : line.name()));
      mm.totalVm += nrPages;
      if (stack) {
        mm.stackVm += nrPages;
        mm.startStack = line.end() - PAGE_SIZE;
      }
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private static int prot(MapsLine line) {
    String perms = line.perms();
    return (perms.charAt(0) == 'r' ? PROT_READ : 0)
        | (perms.charAt(1) == 'w' ? PROT_WRITE : 0)
        | (perms.charAt(2) == 'x' ? PROT_EXEC : 0);
  }
}
