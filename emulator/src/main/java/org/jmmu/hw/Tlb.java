package org.jmmu.hw;

import java.util.Arrays;
import org.jmmu.phys.PhysMemory;

/**
 * The TLB of one CPU (SDM vol 3, 4.10.2): translations that a walk has produced, tagged by PCID or
 * global. Read and written by the thread that runs the CPU and by nobody else.
 *
 * <p>Capacity and replacement: direct-mapped by page number, {@value #ENTRIES} entries for 4-KiB
 * pages, {@value #LARGE_ENTRIES} for 2-MiB and {@value #HUGE_ENTRIES} for 1-GiB pages; the newest
 * translation replaces the one in its slot.
 *
 * <p>In front of the architectural entries lies the {@link HotTlb}, which answers "may this access
 * hit, and where" for the present mode in one compare. Everything in it was derived from an entry
 * here, and every flush reaches it.
 *
 * <p>A flush of a whole PCID writes nothing to the entries: tags carry a stamp instead of the PCID,
 * and the PCID is given a new one.
 */
public final class Tlb {
  /**
   * Above this many pages a range is flushed as a whole PCID.
   *
   * @kernel arch/x86/mm/tlb.c:tlb_single_page_flush_ceiling
   */
  static final int MOST_PAGES = 33;

  static final int ENTRIES = CpuBlock.ENTRIES;

  private static final int LARGE_ENTRIES = 32;
  private static final int HUGE_ENTRIES = 8;
  private static final int[] SHIFTS = {12, 21, 30};

  // Per size: tag = page number | stamp << 52, and the translation as PageWalker returns it.
  private final long[][] tags;
  private final long[][] words;
  private final TlbStamps stamps = new TlbStamps();
  private final HotTlb hot;

  private int pcid;
  private long stamp; // of pcid
  private long globalStamp;
  private long mode;
  private boolean globalsFilled; // since the last flush of everything
  private long fills;

  Tlb(long block, PhysMemory phys, AccessRights rights) {
    tags = new long[][] {new long[ENTRIES], new long[LARGE_ENTRIES], new long[HUGE_ENTRIES]};
    words = new long[][] {new long[ENTRIES], new long[LARGE_ENTRIES], new long[HUGE_ENTRIES]};
    hot = new HotTlb(block, phys, rights);
    globalStamp = stamps.next();
    stamp = stamps.of(0);
  }

  HotTlb hot() {
    return hot;
  }

  /** The CPU runs with another PCID, or with other rights; entries stay. */
  void setContext(int newPcid, long newMode) {
    pcid = newPcid;
    mode = newMode;
    restamp();
  }

  // Look-up and fill.

  /** The translation that covers {@code vaddr}, in the form of {@link PageWalker#walk}, or 0. */
  public long lookup(long vaddr) {
    for (int size = 0; size < SHIFTS.length; size++) {
      long page = vaddr >>> SHIFTS[size];
      int slot = (int) page & tags[size].length - 1;
      long tag = tags[size][slot];
      if (tag == (page | stamp) || tag == (page | globalStamp)) {
        long word = words[size][slot];
        long offset = offsetInLeaf(size);
        return (word & ~offset) | (vaddr & offset);
      }
    }
    return 0;
  }

  private static long offsetInLeaf(int size) {
    return (1L << SHIFTS[size]) - 1 & PteBits.ADDRESS;
  }

  /** Enters the result of a successful walk. */
  void fill(long vaddr, long word, boolean globalEnabled) {
    fills++;
    int size = PageWalker.level(word) - PteBits.LEVEL_PTE;
    long page = vaddr >>> SHIFTS[size];
    int slot = (int) page & tags[size].length - 1;
    boolean global = globalEnabled && (word & PteBits.G) != 0;
    globalsFilled |= global;
    long tag = page | (global ? globalStamp : stamp);
    if (size > 0 && tags[size][slot] != tag && tags[size][slot] != 0) {
      // The pieces of the replaced page could no longer be found when it is flushed.
      hot.dropAll();
      hot.select(stamp, globalStamp, mode);
    }
    tags[size][slot] = tag;
    words[size][slot] = word;
  }

  // Flushes. Each may drop more than it must; none may drop less.

  /** INVLPG, for any PCID: one page of that PCID, and the global one. */
  void flushPage(int ofPcid, long vaddr) {
    drop(vaddr, stamps.peek(ofPcid), globalStamp);
  }

  /** INVPCID type 0: as {@link #flushPage}, but global entries stay. */
  void flushPageKeepGlobal(int ofPcid, long vaddr) {
    drop(vaddr, stamps.peek(ofPcid), TlbStamps.NONE);
  }

  private void drop(long vaddr, long firstStamp, long secondStamp) {
    hot.drop(vaddr);
    for (int size = 0; size < SHIFTS.length; size++) {
      long page = vaddr >>> SHIFTS[size];
      int slot = (int) page & tags[size].length - 1;
      long tag = tags[size][slot];
      if (tag == (page | firstStamp) || tag == (page | secondStamp)) {
        tags[size][slot] = 0;
        if (size > 0) {
          hot.dropAll();
        }
      }
    }
    hot.select(stamp, globalStamp, mode);
  }

  /** The pages of {@code [start, end)}, global ones included. */
  void flushPages(int ofPcid, long start, long end) {
    long first = start & PhysMemory.PAGE_MASK;
    long pages = (end - first + ~PhysMemory.PAGE_MASK) >>> PhysMemory.PAGE_SHIFT;
    if (pages > MOST_PAGES) {
      if (globalsFilled) {
        flushAll();
      } else {
        flushPcid(ofPcid);
      }
      return;
    }
    for (long i = 0; i < pages; i++) {
      flushPage(ofPcid, first + (i << PhysMemory.PAGE_SHIFT));
    }
  }

  /** All entries of one PCID; global entries stay. */
  void flushPcid(int ofPcid) {
    stamps.forget(ofPcid);
    restamp();
  }

  /** Every PCID; global entries stay (INVPCID type 3). */
  void flushAllKeepGlobal() {
    stamps.forgetAll();
    restamp();
  }

  /** Everything. */
  void flushAll() {
    stamps.forgetAll();
    globalStamp = stamps.next();
    globalsFilled = false;
    restamp();
  }

  private void restamp() {
    stamp = stamps.of(pcid);
    if (stamps.wrapped()) {
      // Stamps are about to be used again: entries that carry them must go first.
      for (long[] each : tags) {
        Arrays.fill(each, 0);
      }
      hot.dropAll();
      stamps.restart();
      globalStamp = stamps.next();
      stamp = stamps.of(pcid);
    }
    hot.select(stamp, globalStamp, mode);
  }

  long fills() {
    return fills;
  }
}
