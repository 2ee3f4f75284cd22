package org.jmmu.stress;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jmmu.hw.ControlBits;
import org.jmmu.hw.Cpu;
import org.jmmu.hw.PteBits;
import org.jmmu.hw.Shootdown;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/**
 * Two CPUs over one page table, and no kernel: what the tests of the TLB need. A sample takes one
 * {@link Page}, with a frame of its own, so that many samples can be alive at once. A second page
 * table maps the same addresses to other frames.
 *
 * <p>CPU 0 shoots, CPU 1 is shot at; a thread has either role in all samples that are alive, as
 * jcstress arranges it, and each thread that makes samples has its own CPUs.
 */
final class TlbFixture {
  static final long OLD = 0x01d0_01d0_01d0_01d0L;
  static final long NEW = 0x4e3f_4e3f_4e3f_4e3fL;

  /** What the page holds in the other address space. */
  static final long OTHER = 0x07e4_07e4_07e4_07e4L;

  private static final int PAGES = 512;
  private static final int ROOT = 1; // frames 1 to 4, PGD first
  private static final int OTHER_ROOT = 5;
  private static final int EMPTY_ROOT = 9;
  private static final long TABLE_FRAMES = 10;
  private static final int PCID = 5;
  private static final int IDLE_PCID = 6;
  private static final long BASE = 1L << 40;
  private static final long TABLE = PteBits.P | PteBits.RW | PteBits.US | PteBits.A;
  private static final ThreadLocal<Queue<Page>> POOL =
      ThreadLocal.withInitial(ConcurrentLinkedQueue::new);

  private final PhysMemory phys = new PhysMemory(TABLE_FRAMES + 2 * PAGES);
  private final Cpu[] cpus = {boot(0), boot(1)};

  private TlbFixture() {
    link(ROOT);
    link(OTHER_ROOT);
    for (int n = 0; n < PAGES; n++) {
      long pfn = TABLE_FRAMES + PAGES + n;
      Mem.longSetPlain(entry(OTHER_ROOT, n), PteBits.pte(pfn, TABLE));
      Mem.longSetPlain(phys.frameAddr(pfn), OTHER);
    }
    for (Cpu cpu : cpus) {
      cpu.writeCr3(ROOT * PhysMemory.PAGE_SIZE);
    }
  }

  /** Links the four tables that follow each other from {@code root}. */
  private void link(long root) {
    for (int level = 0; level < 3; level++) {
      int slot = level == 0 ? PteBits.pgdIndex(BASE) : 0;
      Mem.longSetPlain(
          phys.frameAddr(root + level) + slot * 8L, PteBits.pte(root + level + 1, TABLE));
    }
  }

  /** Native address of the leaf entry of page {@code n}. */
  private long entry(long root, int n) {
    return phys.frameAddr(root + 3) + n * 8L;
  }

  private Cpu boot(int id) {
    return new Cpu(
        id,
        phys,
        (cpu, vaddr, errorCode) -> {
          throw new Gone();
        });
  }

  /** A page fault: there is no kernel that could do anything about it. */
  static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Gone() {
      super("page fault", null, false, false);
    }
  }

  /** A page that is mapped, writable, and holds {@link #OLD}. */
  static Page take() {
    Queue<Page> pool = POOL.get();
    Page page = pool.poll();
    if (page == null) {
      TlbFixture fixture = new TlbFixture();
      for (int n = 0; n < PAGES; n++) {
        pool.add(fixture.new Page(n, pool));
      }
      page = pool.remove();
    }
    page.map(PteBits.RW);
    page.setContent(OLD);
    return page;
  }

  /** One page and what the two CPUs do to it. */
  final class Page {
    private final long vaddr;
    private final long pte; // native address of the entry
    private final long frame; // native address
    private final Queue<Page> pool;

    private Page(int n, Queue<Page> pool) {
      vaddr = BASE + n * PhysMemory.PAGE_SIZE;
      pte = entry(ROOT, n);
      frame = phys.frameAddr(TABLE_FRAMES + n);
      this.pool = pool;
    }

    /**
     * Back to the pool; no actor uses it any more. What a TLB remembers of it may stay: the page is
     * always mapped to the same frame.
     */
    void release() {
      pool.add(this);
    }

    // CPU 0

    void map(long writable) {
      long pfn = TABLE_FRAMES + (vaddr - BASE) / PhysMemory.PAGE_SIZE;
      Mem.longSetRelease(pte, PteBits.pte(pfn, PteBits.P | PteBits.US | writable));
    }

    void unmap() {
      Mem.longXchg(pte, 0);
    }

    void flush() {
      Shootdown.flushPages(cpus, 0b11, cpus[0], 0, vaddr, vaddr + PhysMemory.PAGE_SIZE);
    }

    /** Flushes the PCID that {@link #enter} uses, so that another address space may have it. */
    void flushPcid() {
      Shootdown.flushPcid(cpus, 0b11, cpus[0], PCID);
    }

    /** What the owner of the frame does to it, past all page tables. */
    void setContent(long value) {
      Mem.longSetRelease(frame, value);
    }

    long content() {
      return Mem.longGetAcquire(frame);
    }

    // CPU 1

    /** Starts with a TLB that knows nothing of the page. */
    void forget() {
      cpus[1].invpcid(0, PCID, vaddr);
    }

    /** Runs an address space under the one PCID that both use, keeping its TLB entries. */
    void enter(boolean other) {
      switchTo(other ? OTHER_ROOT : ROOT, PCID);
    }

    /** Runs nothing, under another PCID. */
    void idle() {
      switchTo(EMPTY_ROOT, IDLE_PCID);
    }

    private void switchTo(long root, int pcid) {
      cpus[1].writeCr3(root * PhysMemory.PAGE_SIZE | pcid | ControlBits.CR3_NOFLUSH);
    }

    /** Throws {@link Gone} if the page is not mapped. */
    long load() {
      return cpus[1].loadLong(vaddr);
    }

    /** Throws {@link Gone} if the page is not mapped or read-only. */
    void store(long value) {
      cpus[1].storeLong(vaddr, value);
    }
  }
}
