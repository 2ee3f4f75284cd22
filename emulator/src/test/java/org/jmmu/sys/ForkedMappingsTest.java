package org.jmmu.sys;

import static org.jmmu.mm.Mman.MADV_DONTFORK;
import static org.jmmu.mm.Mman.MADV_WIPEONFORK;
import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.Cpu;
import org.jmmu.types.SegvException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What of its parent's address space a child gets. */
class ForkedMappingsTest {
  private static final int RW = PROT_READ | PROT_WRITE;

  private final Machine machine = Machine.boot(MachineConfig.small());
  private final Process parent = machine.spawn();
  private final Cpu cpu = parent.runOn(machine.cpu(0));
  private final long vaddr = parent.mmap(3 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);

  ForkedMappingsTest() {
    for (int page = 0; page < 3; page++) {
      cpu.storeByte(vaddr + page * PAGE_SIZE, (byte) 1);
    }
  }

  @AfterEach
  void nothingIsLeft() {
    machine.check();
    parent.exit();
    assertEquals(0, machine.kernel().accounting.committedAs());
    assertEquals(0, machine.kernel().framesInUse());
    machine.close();
  }

  @Test
  void notWhatSaysDontfork() {
    parent.madvise(vaddr + PAGE_SIZE, PAGE_SIZE, MADV_DONTFORK);
    Process child = parent.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(1, childCpu.loadByte(vaddr));
    assertThrows(SegvException.class, () -> childCpu.loadByte(vaddr + PAGE_SIZE));
    assertEquals(2, child.mm().totalVm);
    assertEquals(2, child.mm().dataVm);
    child.exit();
  }

  @Test
  void zeroesInsteadOfWhatSaysWipeonfork() {
    parent.madvise(vaddr, PAGE_SIZE, MADV_WIPEONFORK);
    Process child = parent.fork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(0, childCpu.loadByte(vaddr));
    childCpu.storeByte(vaddr, (byte) 2);
    assertEquals(1, childCpu.loadByte(vaddr + PAGE_SIZE));
    assertEquals(1, cpu.loadByte(vaddr));
    machine.check();
    child.exit();
  }

  @Test
  void memoryThatIsNotLocked() {
    parent.mlock(vaddr, 2 * PAGE_SIZE);
    Process child = parent.fork();
    assertEquals(2, parent.mm().lockedVm);
    assertEquals(0, child.mm().lockedVm);
    child.munmap(vaddr, 3 * PAGE_SIZE);
    assertEquals(0, child.mm().lockedVm);
    child.exit();
  }

  @Test
  void whatItWillHaveToPayFor() {
    long before = machine.kernel().accounting.committedAs();
    Process child = parent.fork();
    assertEquals(2 * before, machine.kernel().accounting.committedAs());
    child.exit();
  }
}
