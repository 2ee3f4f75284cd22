package org.jmmu.bench;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;

import org.jmmu.hw.Cpu;
import org.jmmu.sys.Machine;
import org.jmmu.sys.MachineConfig;
import org.jmmu.sys.MachineInside;
import org.jmmu.sys.Process;

/** One process that touches a {@link Region} of emulated memory again and again. */
final class EmulatedRegion {
  /** Protection and flags of all memory that benchmarks map. */
  static final int RW = PROT_READ | PROT_WRITE;

  static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;

  private static final int FRAMES_FOR_TABLES = 64;

  private final Machine machine;
  private final MachineInside inside;
  private final Process process;
  private final Cpu cpu;
  private final long[] pfns;

  EmulatedRegion(int nrPages) {
    machine = Machine.boot(MachineConfig.small().withFrames(nrPages + FRAMES_FOR_TABLES));
    inside = new MachineInside(machine);
    process = machine.spawn();
    cpu = process.runOn(machine.cpu(0));
    pfns = new long[nrPages];
  }

  long map() {
    return process.mmap(pfns.length * Region.PAGE_SIZE, RW, ANON);
  }

  void unmap(long vaddr) {
    process.munmap(vaddr, pfns.length * Region.PAGE_SIZE);
  }

  /** One write fault per page, if none is present. */
  void touch(long vaddr) {
    long end = vaddr + pfns.length * Region.PAGE_SIZE;
    for (long at = vaddr; at < end; at += Region.PAGE_SIZE) {
      cpu.storeLong(at, 1);
    }
  }

  /** One read fault per page, if none is present. */
  long read(long vaddr) {
    long end = vaddr + pfns.length * Region.PAGE_SIZE;
    long sum = 0;
    for (long at = vaddr; at < end; at += Region.PAGE_SIZE) {
      sum += cpu.loadLong(at);
    }
    return sum;
  }

  /** Makes all pages read-only, as they are after a fork whose child is gone. */
  void loseExclusive(long vaddr) {
    inside.loseExclusive(process, vaddr, pfns.length);
  }

  /** Takes all pages out again; tables and VMA stay. */
  void discard(long vaddr) {
    inside.discard(process, vaddr, pfns.length, pfns);
  }

  /** Nothing may be broken or lost after all that. */
  void check() {
    machine.check();
    machine.close();
  }
}
