package org.jmmu.replay;

import static org.jmmu.types.VmFlags.VM_SHARED;
import static org.jmmu.types.VmFlags.VM_WRITE;

import org.jmmu.hw.Cpu;
import org.jmmu.sys.Process;
import org.jmmu.types.SegvException;
import org.jmmu.types.SigbusException;
import org.jmmu.types.Vma;

/**
 * Stands in for the loads and stores of the program, which no log shows. They matter, because a
 * private mapping that was written to has an anon_vma, and two of them with different ones do not
 * merge.
 *
 * <p>Assumed is that a private mapping is written to as soon as it can be, if the kernel chose its
 * place (or that of the reservation it lies in): nobody asks an allocator for memory, or lets a
 * linker map a data segment, without using it. A program that lays mappings out itself, with
 * MAP_FIXED at addresses where it had nothing before, is assumed to know when it wants its pages,
 * and to say so with MADV_POPULATE_WRITE.
 */
final class TouchModel {
  private final Process process;
  private final Cpu cpu;
  private final RangeSet placedByKernel = new RangeSet();

  /**
   * @param cpu that runs {@code process}
   */
  TouchModel(Process process, Cpu cpu) {
    this.process = process;
    this.cpu = cpu;
  }

  /** The kernel chose where the range lies. */
  void placed(long start, long end) {
    placedByKernel.add(start, end);
  }

  void unmapped(long start, long end) {
    placedByKernel.remove(start, end);
  }

  boolean isPlaced(long vaddr) {
    return placedByKernel.containsAll(vaddr, vaddr + 1);
  }

  /** The range may have become writable. */
  void touch(long start, long end) {
    if (!placedByKernel.containsAll(start, end)) {
      return;
    }
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
