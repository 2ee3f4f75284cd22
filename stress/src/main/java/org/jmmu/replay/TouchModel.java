package org.jmmu.replay;

import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import java.util.HashMap;
import java.util.Map;
import org.jmmu.hw.Cpu;
import org.jmmu.mm.Mman;
import org.jmmu.sys.Process;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.jmmu.types.Vma;

/**
 * Stands in for the loads and stores of the program, which no log shows. They matter, because a
 * private mapping that was written to has an anon_vma, and two of them with different ones do not
 * merge.
 *
 * <p>Assumed is that a private mapping is written to as soon as it is writable, before anything
 * else happens, if the kernel chose its place: nobody asks an allocator for memory, or lets a
 * linker map a data segment, without using it. Exceptions, which the maps of recorded programs
 * show:
 *
 * <ul>
 *   <li>What is mapped with MAP_FIXED where the program had nothing waits: such a program lays
 *       mappings out itself, and is assumed to ask for its pages with MADV_POPULATE_WRITE.
 *   <li>An inaccessible reservation that is made accessible with MAP_FIXED as a whole waits too:
 *       virtual machines set aside tables that they fill much later.
 *   <li>If they make a part accessible, they write to it, but not before the next call of the same
 *       task that does not go on where this one ended: some do it page by page.
 * </ul>
 */
final class TouchModel {
  private final Process process;
  private final Cpu cpu;
  private final RangeSet placed = new RangeSet(); // where the kernel chose
  private final RangeSet reserved = new RangeSet(); // of that, what was inaccessible at first
  private final Map<Task, Range> runs = new HashMap<>(); // of calls that make parts accessible

  private record Range(long start, long end) {}

  /**
   * @param cpu that runs {@code process}
   */
  TouchModel(Process process, Cpu cpu) {
    this.process = process;
    this.cpu = cpu;
  }

  /** The kernel chose where the range lies. */
  void placed(long start, long end, int prot) {
    placed.add(start, end);
    if (prot == Mman.PROT_NONE) {
      reserved.add(start, end);
    } else {
      reserved.remove(start, end);
    }
    touch(start, end);
  }

  /** The task mapped the range with MAP_FIXED. */
  void fixed(Task task, long start, long end) {
    if (!placed.containsAll(start, end) || reserved.isRange(start, end)) {
      return;
    }
    if (!reserved.contains(start)) {
      touch(start, end);
      return;
    }
    Range run = runs.get(task);
    runs.put(task, new Range(run != null ? run.start() : start, end));
  }

  /**
   * The task makes another call.
   *
   * @param vaddr where it maps something with MAP_FIXED; 0 for any other call
   */
  void nextCall(Task task, long vaddr) {
    Range run = runs.get(task);
    if (run != null && run.end() != vaddr) {
      runs.remove(task);
      touch(run.start(), run.end());
    }
  }

  /** The protection of the range was changed. */
  void changed(long start, long end) {
    if (placed.containsAll(start, end)) {
      touch(start, end);
    }
  }

  /** A mapping was moved to where the kernel chose, and is as it was. */
  void moved(long from, long start, long end) {
    if (placed.contains(from)) {
      placed.add(start, end);
    }
  }

  void unmapped(long start, long end) {
    placed.remove(start, end);
    reserved.remove(start, end);
  }

  private void touch(long start, long end) {
    for (Vma vma = process.mm().vmas.find(start);
        vma != null && vma.vmStartGetOpaque() < end;
        vma = process.mm().vmas.find(vma.vmEndGetOpaque())) {
      long flags = vma.vmFlagsGetOpaque();
      if ((flags & (VM_SHARED | VM_WRITE)) == VM_WRITE && vma.anonVmaGetAcquire() == null) {
        write(Math.max(start, vma.vmStartGetOpaque()));
      }
    }
  }

  private void write(long vaddr) {
    try {
      cpu.storeByte(vaddr, (byte) 0);
    } catch (SegvException | SigbusException e) {
      // Behind the end of its file, say: then the program cannot have written there either.
      return;
    }
  }
}
