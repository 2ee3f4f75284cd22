package org.jmmu.sys;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_EXEC;
import static org.jmmu.types.VmFlags.VM_LOCKED;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.lock.LockOrderChecker;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.SegvException;
import org.jmmu.types.Vma;

/**
 * Makes a system call as often as it allocates something, and lets each time another one of these
 * allocations fail.
 *
 * <p>After each failure no lock is held, the oracles and {@link MmCensus} find nothing, and the
 * same call succeeds with the same VMAs as if nothing had happened. When the processes are gone, so
 * is everything that was allocated.
 */
abstract class WithFailures extends WithProcess {
  private static final int FRAMES = 512;

  final List<Process> children = new ArrayList<>();

  private final List<Long> touched = new ArrayList<>();

  /** How a call ended, and what it left behind. */
  private record Outcome(String errno, String state) {}

  /**
   * @param setup what comes before the call, without failures
   * @param expected number of points, then a line for each outcome: the error, the VMAs that are
   *     left ("unchanged" and "done" stand for those before the call and those after one that
   *     succeeds), and what of the kernel was not to be had
   */
  final void check(Runnable setup, Runnable call, String expected) {
    begin(setup);
    machine.failAlloc().failNth(0);
    call.run();
    int points = machine.failAlloc().disarm().size();
    assertFalse(points == 0, "nothing is allocated");
    String done = state();
    checkRest();
    end();
    StringBuilder table = new StringBuilder(points + " points\n");
    Outcome last = null;
    for (int nth = 1; nth <= points; nth++) {
      begin(setup);
      String before = state();
      machine.failAlloc().failNth(nth);
      String errno = tryCall(call);
      List<String> reached = machine.failAlloc().disarm();
      String after = state();
      String state = after.equals(before) ? "unchanged" : after.equals(done) ? "done" : after;
      Outcome outcome = new Outcome(errno, state);
      String name = reached.get(nth - 1);
      table.append(
          outcome.equals(last)
              ? ", " + name
              : (nth == 1 ? "" : "\n") + errno + ", " + state + ": " + name);
      last = outcome;
      checkAgain(call, errno, done, table.toString());
      end();
    }
    begin(() -> {});
    assertEquals(expected.strip(), table.toString());
  }

  private boolean isMapped(long page) {
    Vma vma = process.mm().vmas.find(at(page));
    return vma != null && vma.vmStartGetOpaque() <= at(page);
  }

  private static String tryCall(Runnable call) {
    try {
      call.run();
      return "success";
    } catch (ErrnoException e) {
      return e.errno().name();
    } catch (SegvException e) {
      return "SIGSEGV";
    }
  }

  /** Writes a number to each of the pages, which is still there after a failure. */
  final void touch(long... pages) {
    for (long page : pages) {
      store(page, page + 1);
      touched.add(page);
    }
  }

  private void checkTouched() {
    for (long page : touched) {
      if (isMapped(page)) {
        assertEquals(page + 1, load(page), () -> "what was written to page " + page);
      }
    }
  }

  private void checkAgain(Runnable call, String errno, String done, String soFar) {
    try {
      checkRest();
      if (!"success".equals(errno)) {
        checkTouched();
        boolean isSourceGone = !touched.isEmpty() && !isMapped(touched.getFirst());
        String again = tryCall(call);
        if (isSourceGone) {
          assertEquals("EFAULT", again, "where the first was moved from, nothing is mapped");
          return;
        }
        assertEquals("success", again, "the second time");
        assertEquals(done, state(), "the second time");
        checkRest();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("after " + soFar, e);
    }
  }

  private void begin(Runnable setup) {
    machine.close();
    boot(MachineConfig.small().withFrames(FRAMES));
    setup.run();
  }

  private void end() {
    children.forEach(Process::exit);
    children.clear();
    touched.clear();
    process.exit();
    machine.check();
    Kernel kernel = machine.kernel();
    assertEquals(0, kernel.framesInUse(), "frames");
    assertEquals(0, kernel.accounting.committedAs(), "charged pages");
    assertEquals(0, kernel.anonVmaSlots.allocated(), "anon_vmas");
    assertEquals(0, kernel.mappingSlots.allocated(), "files");
  }

  private void checkRest() {
    LockOrderChecker.assertNoneHeld();
    machine.check();
    List<Process> all = new ArrayList<>(children);
    all.add(process);
    MmCensus.check(machine.kernel(), all);
  }

  /** All VMAs of all processes, as {@code 10-12 rw, 14-15 r-xs file}; l = locked. */
  private String state() {
    StringBuilder text = new StringBuilder(state(process));
    children.forEach(child -> text.append(" | ").append(state(child)));
    return text.toString();
  }

  private static String state(Process process) {
    List<String> all = new ArrayList<>();
    for (Vma vma : process.mm().vmas.snapshot()) {
      long flags = vma.vmFlagsGetOpaque();
      all.add(
          page(vma.vmStartGetOpaque())
              + "-"
              + page(vma.vmEndGetOpaque())
              + ((flags & VM_READ) != 0 ? " r" : " -")
              + ((flags & VM_WRITE) != 0 ? "w" : "-")
              + ((flags & VM_EXEC) != 0 ? "x" : "")
              + ((flags & VM_SHARED) != 0 ? "s" : "")
              + ((flags & VM_LOCKED) != 0 ? "l" : ""));
    }
    return String.join(", ", all);
  }

  private static String page(long vaddr) {
    long page = (vaddr - BASE) / PAGE_SIZE;
    return Math.abs(page) < 1 << 20 ? Long.toString(page) : Long.toHexString(vaddr);
  }
}
