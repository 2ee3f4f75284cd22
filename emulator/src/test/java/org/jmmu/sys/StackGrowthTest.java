package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_GROWSDOWN;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_NONE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.jmmu.hw.Cpu;
import org.jmmu.types.SegvException;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StackGrowthTest {
  private static final int RW = PROT_READ | PROT_WRITE;
  private static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  private static final long TOP = 0x7000_0000_0000L;
  private static final long GAP = 256 * PAGE_SIZE;

  private final Machine machine = Machine.boot(MachineConfig.small().withFrames(4096));
  private final Process process = machine.spawn();
  private final Cpu cpu = process.runOn(machine.cpu(0));

  StackGrowthTest() {
    long _ = process.mmap(TOP - PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_GROWSDOWN);
  }

  @AfterEach
  void checkAndClose() {
    machine.check();
    machine.close();
  }

  private void assertMaperr(long vaddr) {
    SegvException e = assertThrows(SegvException.class, () -> cpu.storeByte(vaddr, (byte) 1));
    assertEquals(SegvException.Code.SEGV_MAPERR, e.code());
  }

  private long start() {
    Vma stack = process.mm().vmas.find(TOP - 1);
    return stack == null ? 0 : stack.vmStartGetOpaque();
  }

  @Test
  void growsDownToTheAddress() {
    long before = process.mm().totalVm;
    cpu.storeByte(TOP - 10 * PAGE_SIZE + 5, (byte) 7);
    assertEquals(TOP - 10 * PAGE_SIZE, start());
    assertEquals(before + 9, process.mm().totalVm);
    assertEquals(7, cpu.loadByte(TOP - 10 * PAGE_SIZE + 5));
    assertEquals(0, cpu.loadByte(TOP - 5 * PAGE_SIZE));
  }

  @Test
  void notBeyondRlimitStack() {
    long limit = process.mm().rlimits.stack;
    assertMaperr(TOP - limit - 1);
    cpu.storeByte(TOP - limit, (byte) 1);
    assertEquals(TOP - limit, start());
  }

  @Test
  void keepsTheGapToWhatIsBelow() {
    long _ = process.mmap(TOP - 2 * GAP - PAGE_SIZE, PAGE_SIZE, RW, ANON);
    assertMaperr(TOP - GAP - 1);
    cpu.storeByte(TOP - GAP, (byte) 1);
    assertEquals(TOP - GAP, start());
  }

  @Test
  void needsNoGapToWhatNobodyCanAccess() {
    long _ = process.mmap(TOP - 3 * PAGE_SIZE, PAGE_SIZE, PROT_NONE, ANON);
    cpu.storeByte(TOP - 2 * PAGE_SIZE, (byte) 1);
    assertEquals(TOP - 2 * PAGE_SIZE, start());
    SegvException e =
        assertThrows(SegvException.class, () -> cpu.storeByte(TOP - 3 * PAGE_SIZE, (byte) 1));
    assertEquals(SegvException.Code.SEGV_ACCERR, e.code());
  }

  @Test
  void aMappingThatDoesNotGrowIsMaperr() {
    long vaddr = process.mmap(PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    assertMaperr(vaddr - 1);
  }
}
