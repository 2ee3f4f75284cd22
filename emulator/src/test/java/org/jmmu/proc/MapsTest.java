package org.jmmu.proc;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.MappedFile;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The text of maps, to the blank. */
class MapsTest {
  private static final String GATE =
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();
  private final Mm mm = process.mm();

  @AfterEach
  void close() {
    machine.close();
  }

  private void insert(Vma vma) {
    mm.mmapLock.writeLock();
    mm.vmas.insert(vma);
    mm.mmapLock.writeUnlock();
  }

  @Test
  void anonymous() {
    long _ =
        process.mmap(
            0x1_0000, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    assertEquals("00010000-00012000 rw-p 00000000 00:00 0 \n" + GATE, process.maps());
  }

  @Test
  void special() {
    long flags = VmFlags.VM_READ | VmFlags.VM_EXEC;
    insert(new Vma(mm, 0x7ffff7fc8000L, 0x7ffff7fca000L, 0, flags, null, "[vdso]"));
    assertEquals(
        "7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0                          [vdso]\n" + GATE,
        process.maps());
  }

  @Test
  void heapAndStack() {
    mm.startBrk = 0xaca000;
    mm.brk = 0xacb000;
    mm.startStack = 0x7fffffffe000L;
    long flags = VmFlags.VM_READ | VmFlags.VM_WRITE;
    insert(new Vma(mm, 0xaca000, 0xacb000, 0xaca, flags));
    insert(new Vma(mm, 0x7ffffffde000L, 0x7ffffffff000L, 0x7ffffffdeL, flags));
    assertEquals(
        "00aca000-00acb000 rw-p 00000000 00:00 0                                  [heap]\n"
            + "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n"
            + GATE,
        process.maps());
  }

  @Test
  void files() {
    AddressSpace disk = new AddressSpace(0x10000, false);
    AddressSpace shmem = new AddressSpace(0x10000, true);
    long shared = VmFlags.VM_READ | VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE;
    insert(new Vma(mm, 0x400000, 0x41f000, 0x1f, VmFlags.VM_READ, file(disk, "/bin/a\nb"), null));
    insert(new Vma(mm, 0x500000, 0x501000, 0, shared, file(shmem, "/memfd:x (deleted)"), null));
    assertEquals(
        padded("00400000-0041f000 r--p 0001f000 fe:00 " + disk.ino + " ")
            + "/bin/a\\012b\n"
            + padded("00500000-00501000 r--s 00000000 00:01 " + shmem.ino + " ")
            + "/memfd:x (deleted)\n"
            + GATE,
        process.maps());
  }

  private static String padded(String line) {
    return line + " ".repeat(73 - line.length());
  }

  private static MappedFile file(AddressSpace mapping, String path) {
    return new MappedFile(mapping, path, true, false, () -> {});
  }
}
