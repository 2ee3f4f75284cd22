package org.jmmu.differential;

import static org.jmmu.hugetlb.HugePages.HPAGE_SIZE;
import static org.jmmu.phys.PhysMemory.PAGE_SHIFT;
import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.hugetlb.HugePageCounts;
import org.jmmu.pgtable.Pte;
import org.jmmu.proc.Pagemap;
import org.jmmu.sys.Machine;
import org.jmmu.sys.PageProbe;
import org.jmmu.sys.Process;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/** What huge pages of a process look like, recorded as {@code observe_huge_pages()} of peer.c. */
final class EmulatorHugePages {
  static final long[] SAMPLES = {0, 8, 4096, HPAGE_SIZE - 8};

  private static final int STEP = 512;

  private final Machine machine;
  private final PageProbe probe;
  private final StateRecorder recorder;

  EmulatorHugePages(Machine machine, StateRecorder recorder) {
    this.machine = machine;
    probe = new PageProbe(machine);
    this.recorder = recorder;
  }

  void observe(Process process, Vma vma, boolean whole) {
    boolean readable = (vma.vmFlagsGetOpaque() & VmFlags.VM_READ) != 0;
    for (long vaddr = vma.vmStartGetOpaque(); vaddr < vma.vmEndGetOpaque(); vaddr += HPAGE_SIZE) {
      long entry = process.pagemap(vaddr, 1)[0];
      if ((entry & Pagemap.PM_PRESENT) == 0) {
        continue;
      }
      boolean ofFile = (entry & Pagemap.PM_FILE) != 0;
      boolean exclusive = (entry & Pagemap.PM_MMAP_EXCLUSIVE) != 0;
      recorder.record(vaddr);
      recorder.record(ofFile ? 1 : 0);
      recorder.record(exclusive ? 1 : 0);
      recorder.describe(
          "  huge page +0x%x%s%s",
          Window.page(vaddr), ofFile ? " of file" : "", exclusive ? " exclusive" : "");
      if (readable) {
        observeBytes(entry & Pagemap.PM_PFRAME_MASK, whole);
      }
      recorder.describe("\n");
    }
  }

  private void observeBytes(long pfn, boolean whole) {
    if (whole) {
      long sum = 0;
      for (long offset = 0; offset < HPAGE_SIZE; offset += STEP) {
        sum = sum * 31 + load(pfn, offset);
      }
      recorder.record(sum);
      recorder.describe(" sum %x", sum);
    }
    for (long offset : SAMPLES) {
      long value = load(pfn, offset);
      recorder.record(value);
      recorder.describe(" %x", value);
    }
  }

  private long load(long pfn, long offset) {
    return probe.loadLong(Pte.of(pfn + (offset >>> PAGE_SHIFT), 0), offset & (PAGE_SIZE - 1));
  }

  /** As {@code observe_pool()} of peer.c. */
  void observePool() {
    HugePageCounts counts = machine.hugePages();
    recorder.record(counts.total());
    recorder.record(counts.free());
    recorder.record(counts.rsvd());
    recorder.record(counts.surp());
    recorder.describe(
        "pool nr_hugepages %d free_hugepages %d resv_hugepages %d surplus_hugepages %d%n",
        counts.total(), counts.free(), counts.rsvd(), counts.surp());
  }
}
