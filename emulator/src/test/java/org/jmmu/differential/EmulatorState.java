package org.jmmu.differential;

import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.Set;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hw.Cpu;
import org.jmmu.pgtable.Pte;
import org.jmmu.sys.Machine;
import org.jmmu.sys.PageProbe;
import org.jmmu.sys.Process;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/** What a process of the emulator looks like, recorded as {@code observe()} of peer.c does. */
final class EmulatorState {
  private static final long[] SAMPLES = {0, 8, 2048, 4088};

  private final PageProbe probe;
  private final EmulatorHugePages hugePages;
  private final EmulatorFiles files;
  private final Set<Observation> observations;
  private final StateRecorder recorder;

  EmulatorState(
      Machine machine, EmulatorFiles files, Set<Observation> observations, StateRecorder recorder) {
    probe = new PageProbe(machine);
    hugePages = new EmulatorHugePages(machine, recorder);
    this.files = files;
    this.observations = observations;
    this.recorder = recorder;
  }

  /**
   * @param cpu that runs the process
   * @param whole whether to look at all bytes of each page
   */
  void observe(Process process, Cpu cpu, boolean whole) {
    files.startNumbering();
    for (Vma vma : process.mm().vmas.snapshot()) {
      if (isInWindow(vma)) {
        observe(process, cpu, vma, whole);
      }
    }
    if (observations.contains(Observation.FILES)) {
      files.observe(process, recorder);
    }
    if (observations.contains(Observation.HUGE_PAGES)) {
      files.observeHuge(process, recorder);
      hugePages.observePool();
    }
    if (whole) {
      observeFlags(process);
    }
  }

  private static boolean isInWindow(Vma vma) {
    return vma.vmStartGetOpaque() >= Window.START && vma.vmStartGetOpaque() < Window.END;
  }

  private void observeFlags(Process process) {
    for (Vma vma : process.mm().vmas.snapshot()) {
      if (isInWindow(vma)) {
        long bits = VmaFlagBits.of(vma.vmFlagsGetOpaque());
        recorder.record(bits);
        recorder.describe("flags +0x%x %x\n", Window.page(vma.vmStartGetOpaque()), bits);
      }
    }
  }

  private void observe(Process process, Cpu cpu, Vma vma, boolean whole) {
    if (observations.contains(Observation.MAPS)) {
      observeMap(vma);
    }
    if (observations.contains(Observation.PAGES)) {
      observePages(process, vma, whole);
    }
    if (observations.contains(Observation.MINCORE)) {
      observeMincore(process, vma);
    }
    if (whole) {
      observeContents(cpu, vma);
    }
  }

  private void observeMap(Vma vma) {
    long start = vma.vmStartGetOpaque();
    long end = vma.vmEndGetOpaque();
    long flags = vma.vmFlagsGetOpaque();
    long rwxs = flags & (VmFlags.VM_ACCESS_FLAGS | VmFlags.VM_SHARED);
    if ((flags & VmFlags.VM_MAYSHARE) != 0) {
      rwxs |= VmFlags.VM_SHARED; // what maps shows is VM_MAYSHARE
    }
    long offset = vma.isAnonymous() ? 0 : vma.vmPgoffGetOpaque() << PAGE_SHIFT;
    recorder.record(start);
    recorder.record(end);
    recorder.record(rwxs);
    int file = files.number(vma);
    recorder.record(offset);
    recorder.record(file);
    recorder.describe(
        "vma +0x%x..+0x%x %c%c%c%c offset 0x%x file %d\n",
        Window.page(start),
        Window.page(end),
        (rwxs & VmFlags.VM_READ) != 0 ? 'r' : '-',
        (rwxs & VmFlags.VM_WRITE) != 0 ? 'w' : '-',
        (rwxs & VmFlags.VM_EXEC) != 0 ? 'x' : '-',
        (rwxs & VmFlags.VM_SHARED) != 0 ? 's' : 'p',
        offset,
        file);
  }

  private void observePages(Process process, Vma vma, boolean whole) {
    boolean readable = (vma.vmFlagsGetOpaque() & VmFlags.VM_READ) != 0;
    if (HugePages.isHugetlb(vma)) {
      hugePages.observe(process, vma, whole);
      return;
    }
    for (long vaddr = vma.vmStartGetOpaque(); vaddr < vma.vmEndGetOpaque(); vaddr += PAGE_SIZE) {
      long pteVal = probe.pteVal(process, vaddr);
      if (!Pte.isPresent(pteVal) || (probe.isOfFile(pteVal) && files.isOfDisk(vma))) {
        continue;
      }
      recorder.record(vaddr);
      recorder.describe("  page +0x%x", Window.page(vaddr));
      if (observations.contains(Observation.EXCLUSIVE)) {
        boolean exclusive = probe.isMappedOnce(pteVal);
        recorder.record(exclusive ? 1 : 0);
        recorder.describe(exclusive ? " exclusive" : " not-exclusive");
      }
      if (readable) {
        observeBytes(pteVal, whole);
      }
      recorder.describe("\n");
    }
  }

  private void observeBytes(long pteVal, boolean whole) {
    if (whole) {
      long sum = 0;
      for (long offset = 0; offset < PAGE_SIZE; offset += Long.BYTES) {
        sum = sum * 31 + probe.loadLong(pteVal, offset);
      }
      recorder.record(sum);
      recorder.describe(" sum %x", sum);
    }
    for (long offset : SAMPLES) {
      long value = probe.loadLong(pteVal, offset);
      recorder.record(value);
      recorder.describe(" %x", value);
    }
  }

  /** What a process reads where it maps a file; that fills holes. */
  private void observeContents(Cpu cpu, Vma vma) {
    boolean readable = (vma.vmFlagsGetOpaque() & VmFlags.VM_READ) != 0;
    if (vma.file == null || !readable) {
      return;
    }
    long step = HugePages.isHugetlb(vma) ? HugePages.HPAGE_SIZE : PAGE_SIZE;
    for (long vaddr = vma.vmStartGetOpaque(); vaddr < vma.vmEndGetOpaque(); vaddr += step) {
      Access access = Access.load(cpu, vaddr);
      recorder.record(access.kind().number());
      recorder.record(access.value());
      recorder.describe("  at +0x%x %x\n", Window.page(vaddr), access.value());
    }
  }

  private void observeMincore(Process process, Vma vma) {
    if (files.isOfDisk(vma)) {
      return;
    }
    long start = vma.vmStartGetOpaque();
    recorder.describe("  mincore ");
    for (byte page : process.mincore(start, vma.vmEndGetOpaque() - start)) {
      recorder.record(page & 1);
      recorder.describe("%d", page & 1);
    }
    recorder.describe("\n");
  }
}
