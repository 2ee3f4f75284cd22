package org.jmmu.sys;

import static org.jmmu.mm.Mman.MAP_ANONYMOUS;
import static org.jmmu.mm.Mman.MAP_FIXED;
import static org.jmmu.mm.Mman.MAP_PRIVATE;
import static org.jmmu.mm.Mman.PROT_READ;
import static org.jmmu.mm.Mman.PROT_WRITE;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_READ;
import static org.jmmu.types.VmFlags.VM_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.Cpu;
import org.jmmu.phys.FrameType;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.VmSysctl;
import org.jmmu.types.Vma;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A process whose memory is spoken of by page numbers, counted from {@link #BASE}; oracles after
 * each test, and once more after its end.
 */
abstract class WithProcess {
  static final long BASE = 0x2000_0000_0000L;
  static final int RW = PROT_READ | PROT_WRITE;
  static final int ANON = MAP_PRIVATE | MAP_ANONYMOUS;

  Machine machine;
  Process process;
  Cpu cpu;

  @BeforeEach
  final void boot() {
    boot(MachineConfig.small().withFrames(128));
  }

  final void boot(MachineConfig config) {
    machine = Machine.boot(config);
    process = machine.spawn();
    cpu = process.runOn(machine.cpu(0));
    process.mm().sysctl.overcommitMemory = VmSysctl.OVERCOMMIT_ALWAYS; // there are few frames
  }

  @AfterEach
  final void checkAndClose() {
    machine.check();
    process.exit();
    machine.check();
    machine.close();
  }

  static long at(long page) {
    return BASE + page * PAGE_SIZE;
  }

  final void map(long page, long nrPages, int prot) {
    assertEquals(at(page), process.mmap(at(page), nrPages * PAGE_SIZE, prot, ANON | MAP_FIXED));
  }

  final void store(long page, long value) {
    cpu.storeLong(at(page), value);
  }

  final long load(long page) {
    return cpu.loadLong(at(page));
  }

  /** The VMAs near {@link #BASE}, as {@code 10-12 rw, 14-15 r-}. */
  final String maps() {
    StringBuilder text = new StringBuilder();
    for (Vma vma = process.mm().vmas.find(BASE);
        vma != null && vma.vmStartGetOpaque() < BASE + (1L << 40);
        vma = process.mm().vmas.next(vma)) {
      long flags = vma.vmFlagsGetOpaque();
      text.append(text.isEmpty() ? "" : ", ")
          .append((vma.vmStartGetOpaque() - BASE) / PAGE_SIZE)
          .append('-')
          .append((vma.vmEndGetOpaque() - BASE) / PAGE_SIZE)
          .append((flags & VM_READ) != 0 ? " r" : " -")
          .append((flags & VM_WRITE) != 0 ? 'w' : '-');
    }
    return text.toString();
  }

  /** Gives the VMA of a page flags that no system call would. */
  final void addFlags(long page, long flags) {
    process.mm().mmapLock.writeLock();
    Vma vma = process.mm().vmas.find(at(page));
    assertNotNull(vma);
    vma.startWrite();
    vma.vmFlagsSetOpaque(vma.vmFlagsGetOpaque() | flags);
    process.mm().mmapLock.writeUnlock();
  }

  /** Takes all frames but {@code left}, for {@link #giveBack}. */
  final long[] takeFramesBut(int left) {
    Frames frames = machine.kernel().frames;
    List<Long> taken = new ArrayList<>();
    for (long pfn; (pfn = frames.alloc(FrameType.USER)) != Buddy.NO_FRAME; ) {
      taken.add(pfn);
    }
    for (int i = 0; i < left; i++) {
      frames.put(taken.removeLast());
    }
    return taken.stream().mapToLong(Long::longValue).toArray();
  }

  final void giveBack(long[] pfns) {
    for (long pfn : pfns) {
      machine.kernel().frames.put(pfn);
    }
  }

  static void assertErrno(Errno expected, Runnable call) {
    assertEquals(expected, assertThrows(ErrnoException.class, call::run).errno());
  }
}
