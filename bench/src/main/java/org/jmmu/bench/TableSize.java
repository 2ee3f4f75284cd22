package org.jmmu.bench;

import java.util.Random;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/** How many page tables a benchmark walks, named after the cache that just holds them. */
public enum TableSize {
  /** 16 KiB of tables. */
  L1(512, 1),
  /** 320 KiB. */
  L2(40_000, 1),
  /** 8 MiB. */
  L3(1_000_000, 1),
  /** 400 MiB: a table for every page. */
  DRAM(100_000, PteBits.ENTRIES_PER_TABLE);

  private static final long FIRST_VADDR = 1L << 40;
  private static final long FLAGS = PteBits.P | PteBits.RW | PteBits.US | PteBits.A | PteBits.D;
  private static final long SEED = 42;

  private final int pages;
  private final int stride;

  TableSize(int pages, int stride) {
    this.pages = pages;
    this.stride = stride;
  }

  /** Frames that {@link #build} needs. */
  long frames() {
    return (long) pages * stride / PteBits.ENTRIES_PER_TABLE * 2 + 64;
  }

  /** Builds the tables, their root in frame 1; all pages map the same frame. */
  void build(PhysMemory phys) {
    long next = 2;
    for (int page = 0; page < pages; page++) {
      long vaddr = vaddr(page);
      long table = 1;
      for (int level = PteBits.LEVEL_PGD; level > PteBits.LEVEL_PTE; level--) {
        long addr = phys.frameAddr(table) + PteBits.index(vaddr, level) * (long) Long.BYTES;
        if (Mem.longGetPlain(addr) == 0) {
          Mem.longSetPlain(addr, PteBits.pte(next++, FLAGS));
        }
        table = PteBits.pfn(Mem.longGetPlain(addr));
      }
      long leaf = phys.frameAddr(table) + PteBits.pteIndex(vaddr) * (long) Long.BYTES;
      Mem.longSetPlain(leaf, PteBits.pte(1, FLAGS));
    }
  }

  /** Addresses of pages in random order. */
  long[] vaddrs(int count) {
    Random random = new Random(SEED);
    long[] vaddrs = new long[count];
    for (int i = 0; i < count; i++) {
      vaddrs[i] = vaddr(random.nextInt(pages));
    }
    return vaddrs;
  }

  private long vaddr(int page) {
    return FIRST_VADDR + (long) page * stride * PhysMemory.PAGE_SIZE;
  }
}
