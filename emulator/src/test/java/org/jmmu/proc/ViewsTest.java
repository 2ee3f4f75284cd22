package org.jmmu.proc;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.proc.Pagemap.PM_MMAP_EXCLUSIVE;
import static org.jmmu.proc.Pagemap.PM_PFRAME_MASK;
import static org.jmmu.proc.Pagemap.PM_PRESENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.Process;
import org.jmmu.types.VmFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What smaps, pagemap and status show of four pages: written, read only, shared, untouched. */
class ViewsTest {
  private static final long START = 0x1_0000;
  private static final int NR_PAGES = 4;

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));

  @BeforeEach
  void touch() {
    long _ =
        process.mmap(
            START,
            NR_PAGES * PAGE_SIZE,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    cpu.storeLong(START + 2 * PAGE_SIZE, 1);
    Process _ = process.fork();
    cpu.storeLong(START, 1);
    long _ = cpu.loadLong(START + PAGE_SIZE); // the zero page
  }

  @AfterEach
  void close() {
    machine.close();
  }

  @Test
  void pagemap() {
    long[] words = process.pagemap(START - PAGE_SIZE, NR_PAGES + 2);
    assertEquals(0, words[0]);
    assertEquals(PM_PRESENT | PM_MMAP_EXCLUSIVE, words[1] & ~PM_PFRAME_MASK);
    assertEquals(PM_PRESENT, words[2] & ~PM_PFRAME_MASK);
    assertEquals(PM_PRESENT, words[3] & ~PM_PFRAME_MASK);
    assertTrue((words[1] & PM_PFRAME_MASK) != (words[3] & PM_PFRAME_MASK));
    assertEquals(0, words[4]);
    assertEquals(0, words[5]);
  }

  @Test
  void smaps() {
    String maps = process.maps();
    String flags = "VmFlags: rd wr mr mw me ";
    String smaps = process.smaps();
    String expected =
        maps.substring(0, maps.indexOf('\n'))
            + """

            Size:                 16 kB
            KernelPageSize:        4 kB
            MMUPageSize:           4 kB
            Rss:                   8 kB
            Pss:                   6 kB
            Pss_Dirty:             6 kB
            Shared_Clean:          0 kB
            Shared_Dirty:          4 kB
            Private_Clean:         0 kB
            Private_Dirty:         4 kB
            Referenced:            8 kB
            Anonymous:             8 kB
            KSM:                   0 kB
            LazyFree:              0 kB
            AnonHugePages:         0 kB
            ShmemPmdMapped:        0 kB
            FilePmdMapped:         0 kB
            Shared_Hugetlb:        0 kB
            Private_Hugetlb:       0 kB
            Swap:                  0 kB
            SwapPss:               0 kB
            Locked:                0 kB
            THPeligible:           0
            ProtectionKey:         0
            """
            + flags;
    assertEquals(expected, smaps.substring(0, expected.length()));
    assertTrue(smaps.endsWith("ProtectionKey:         0\nVmFlags: ex \n"), smaps);
  }

  @Test
  void nameOfEveryFlag() {
    StringBuilder text = new StringBuilder();
    VmFlagNames.append(
        text,
        VmFlags.VM_READ
            | VmFlags.VM_SHARED
            | VmFlags.VM_GROWSDOWN
            | VmFlags.VM_LOCKED
            | VmFlags.VM_DONTCOPY
            | VmFlags.VM_ACCOUNT
            | VmFlags.VM_WIPEONFORK
            | VmFlags.VM_NOHUGEPAGE
            | VmFlags.VM_MERGEABLE
            | VmFlags.VM_PKEY);
    assertEquals("rd sh gd lo dc ac wf nh mg ", text.toString());
  }

  @Test
  void status() {
    String status = process.status();
    assertEquals(15, status.lines().count());
    assertTrue(status.contains("\nVmRSS:\t       8 kB\nRssAnon:\t       8 kB\n"), status);
    assertTrue(status.contains("\nVmPTE:\t      12 kB\n"), status);
  }
}
