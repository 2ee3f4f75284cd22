package org.jmmu.sys;

import static org.jmmu.mm.Mman.PROT_EXEC;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.jmmu.hw.Cpu;
import org.jmmu.migrate.MigratePages;
import org.jmmu.mm.ExecImage;
import org.jmmu.phys.Mem;
import org.jmmu.sched.Schedule;
import org.jmmu.sched.Stepper;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** New programs, and processes that share an address space. */
class ExecTest extends WithProcess {
  private static final long MAIN_STACK = 33 * PAGE_SIZE; // of a program with few arguments

  private static ExecImage.Segment zeros(long page, long bytes, int prot) {
    return new ExecImage.Segment(at(page), 0, bytes, prot, null, 0);
  }

  private static ExecImage image(long stackTop, int argumentBytes) {
    return new ExecImage(
        List.of(zeros(0, PAGE_SIZE, RW | PROT_EXEC), zeros(2, PAGE_SIZE + 100, RW)),
        List.of("\7".repeat(argumentBytes - 1)),
        stackTop);
  }

  private Vma stack() {
    Vma vma = process.mm().vmas.find(process.mm().startStack);
    assertNotNull(vma);
    return vma;
  }

  private void assertStack(long start, long end) {
    assertEquals(start, stack().vmStartGetOpaque());
    assertEquals(end, stack().vmEndGetOpaque());
  }

  @Test
  void aNewProgramFindsSegmentsHeapAndStack() {
    map(10, 4, RW);
    store(10, 5);
    process.execve(image(ExecImage.STACK_TOP, 100));
    cpu = process.runOn(machine.cpu(0));
    assertEquals("0-1 rw, 2-4 rw", maps());
    assertStack(ExecImage.STACK_TOP - MAIN_STACK, ExecImage.STACK_TOP);
    assertEquals(1 + 2 + 33, process.mm().totalVm);
    assertEquals(0, load(3));
    assertEquals(0, cpu.fetch(at(0), 1));
    assertThrows(SegvException.class, () -> load(10));
    assertEquals(at(4), process.brk(0));
    assertEquals(at(6), process.brk(at(6)));
    assertEquals("0-1 rw, 2-4 rw, 4-6 rw", maps(), "the heap never joins what lies below it");
    assertEquals(0x0707_0707_0707_0707L, cpu.loadLong(process.mm().startStack));
    cpu.storeLong(ExecImage.STACK_TOP - MAIN_STACK, 1);
  }

  @Test
  void argumentsMoveDownWithTheStack() {
    for (long shift : new long[] {1, 3, 512, 700, 5 * 512}) {
      long top = ExecImage.STACK_TOP - shift * PAGE_SIZE;
      process.execve(image(top, (int) (3 * PAGE_SIZE)));
      machine.check();
      cpu = process.runOn(machine.cpu(0));
      assertStack(top - MAIN_STACK - 3 * PAGE_SIZE, top);
      for (long at = process.mm().startStack; at < top - Long.BYTES; at += PAGE_SIZE / 2) {
        assertEquals(0x0707_0707_0707_0707L, cpu.loadLong(at));
      }
      assertEquals(MigratePages.Result.MIGRATED, process.movePage(top - PAGE_SIZE));
      assertThrows(SegvException.class, () -> cpu.loadLong(ExecImage.STACK_TOP - PAGE_SIZE / 2));
    }
  }

  /** Migration leaves a stack alone that is not where it shall be. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "E:shiftArgPages.expanded M:end E:end",
        "E:movePageTables.extent M:end E:end",
        "E:shiftArgPages.moved M:end E:end",
        "E:shiftArgPages.expanded M:migrate.unmapped E:end M:end",
      })
  void aPageOfAStackOnTheMoveStaysMapped(String schedule) {
    long[] page = {0};
    Stepper.of(Schedule.parse(schedule))
        .thread("E", () -> process.execve(image(ExecImage.STACK_TOP - 3 * PAGE_SIZE, 100)))
        .thread("M", () -> page[0] = migrateFrameWithSevens())
        .run()
        .throwIfFailed();
    cpu = process.runOn(machine.cpu(0));
    assertEquals(0x0707_0707_0707_0707L, cpu.loadLong(process.mm().startStack));
    assertEquals(1, page[0], "one page should have been tried");
  }

  /** Tries to migrate the page of arguments, found as a scan of physical memory would find it. */
  private long migrateFrameWithSevens() {
    Kernel kernel = machine.kernel();
    for (long pfn = 1; pfn < kernel.phys.nrFrames(); pfn++) {
      boolean isIt = Mem.byteGetPlain(kernel.phys.frameAddr(pfn) + PAGE_SIZE - 10) == 7;
      if (isIt && kernel.frames.getUnlessZero(pfn)) {
        assertEquals(MigratePages.Result.EAGAIN, machine.migratePage(pfn));
        return 1;
      }
    }
    return 0;
  }

  @Test
  void theStackKeepsToItsLimit() {
    process.mm().rlimits.stack = 8 * PAGE_SIZE;
    process.execve(image(ExecImage.STACK_TOP, 100));
    assertStack(ExecImage.STACK_TOP - 8 * PAGE_SIZE, ExecImage.STACK_TOP);
  }

  @Test
  void segmentsThatOverlapAreEexist() {
    map(10, 1, RW);
    store(10, 5);
    ExecImage.Segment text =
        new ExecImage.Segment(at(0), 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ, null, 0);
    ExecImage overlapping = new ExecImage(List.of(text, text), List.of());
    assertErrno(Errno.EEXIST, () -> process.execve(overlapping));
    assertEquals(5, load(10));
  }

  @Test
  void withoutFramesTheOldProgramStays() {
    map(10, 1, RW);
    store(10, 5);
    for (int left = 0; left < 14; left++) {
      long[] taken = takeFramesBut(left);
      try {
        process.execve(image(ExecImage.STACK_TOP - 700 * PAGE_SIZE, 100));
        assertEquals(true, left > 5, "needs no more than " + left + " frames");
        process.execve(image(ExecImage.STACK_TOP, 8));
        break;
      } catch (ErrnoException e) {
        // One frame is the top-level table; four more bring the arguments in.
        assertEquals(left > 0 && left < 5 ? Errno.E2BIG : Errno.ENOMEM, e.errno());
        assertEquals(5, load(10));
      } finally {
        giveBack(taken);
      }
      machine.check();
    }
  }

  @Test
  void clonesShareEverythingAndTheLastOneTurnsOffTheLight() {
    map(10, 2, RW);
    store(10, 5);
    Process child = process.cloneVm();
    assertSame(process.mm(), child.mm());
    Cpu childCpu = child.runOn(machine.cpu(1));
    assertEquals(5, childCpu.loadLong(at(10)));
    childCpu.storeLong(at(11), 6);
    assertEquals(6, load(11));
    child.munmap(at(10), PAGE_SIZE);
    assertThrows(SegvException.class, () -> load(10));
    child.leave(childCpu);
    child.exit();
    assertEquals(6, load(11));
  }

  @Test
  void aVforkedChildLeavesTheMemoryByExec() {
    map(10, 2, RW);
    store(10, 5);
    Process child = process.vfork();
    Cpu childCpu = child.runOn(machine.cpu(1));
    childCpu.storeLong(at(10), 6);
    child.execve(image(ExecImage.STACK_TOP, 8));
    assertNotSame(process.mm(), child.mm());
    assertEquals(6, load(10));
    child.runOn(childCpu);
    assertThrows(SegvException.class, () -> childCpu.loadLong(at(10)));
    assertEquals(0, childCpu.loadLong(at(2)));
    child.exit();
    assertEquals(6, load(10));
  }
}
