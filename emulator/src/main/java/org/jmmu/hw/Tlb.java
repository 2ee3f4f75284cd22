package org.jmmu.hw;

import org.jmmu.phys.CacheLines;
import org.jmmu.phys.PhysMemory;

/**
 * The TLB of one CPU (SDM vol 3, 4.10.2): translations that a walk has produced, tagged by PCID or
 * global. Read and written by the thread that runs the CPU and by nobody else.
 *
 * <p>It holds {@value #ENTRIES} translations of 4-KiB pages, {@value #LARGE_ENTRIES} of 2-MiB and
 * {@value #HUGE_ENTRIES} of 1-GiB pages, in sets as {@link TlbArray} says. In front of it lies the
 * {@link HotTlb}, which answers "may this access hit, and where" for the present mode in one
 * compare. Everything there was derived from an entry here, and every flush reaches it.
 *
 * <p>A flush of a whole PCID writes nothing to the entries: tags carry a {@link TlbStamps stamp}
 * instead of the PCID, and the PCID is given a new one.
 */
public final class Tlb extends CacheLines {
  static final int ENTRIES = 512;

  /**
   * Above this many pages a range is flushed as a whole PCID.
   *
   * @kernel arch/x86/mm/tlb.c:tlb_single_page_flush_ceiling
   */
  static final int MOST_PAGES = 33;

  private static final int LARGE_ENTRIES = 32;
  private static final int HUGE_ENTRIES = 8;

  private final TlbArray small = new TlbArray(PteBits.LEVEL_PTE, ENTRIES);
  private final TlbArray large = new TlbArray(PteBits.LEVEL_PMD, LARGE_ENTRIES);
  private final TlbArray huge = new TlbArray(PteBits.LEVEL_PUD, HUGE_ENTRIES);
  private final TlbStamps stamps = new TlbStamps();
  private final HotTlb hot;

  private int pcid;
  private long stamp; // of pcid
  private long globalStamp;
  private long mode;
  private boolean globalsFilled; // since the last flush of everything
  private long fills;

  Tlb(long block, PhysMemory phys, AccessRights rights) {
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
    int i = small.find(vaddr, stamp, globalStamp);
    if (i != TlbArray.NOT_FOUND) {
      return small.word(i, vaddr);
    }
    i = large.find(vaddr, stamp, globalStamp);
    if (i != TlbArray.NOT_FOUND) {
      return large.word(i, vaddr);
    }
    i = huge.find(vaddr, stamp, globalStamp);
    return i != TlbArray.NOT_FOUND ? huge.word(i, vaddr) : 0;
  }

  /** Enters the result of a successful walk. */
  void fill(long vaddr, long word, boolean globalEnabled) {
    fills++;
    boolean global = globalEnabled && (word & PteBits.G) != 0;
    globalsFilled |= global;
    long tagged = global ? globalStamp : stamp;
    switch (PageWalker.level(word)) {
      case PteBits.LEVEL_PTE -> small.put(vaddr, tagged, word);
      case PteBits.LEVEL_PMD -> dropPieces(large.put(vaddr, tagged, word));
      default -> dropPieces(huge.put(vaddr, tagged, word));
    }
  }

  /** When a large entry is gone, a flush of it could no longer find its pieces in the hot TLB. */
  private void dropPieces(boolean gone) {
    if (gone) {
      hot.dropAll();
      hot.select(stamp, mode);
    }
  }

  // Flushes. Each may drop more than it must; none may drop less.

  /** INVLPG, for any PCID: one page of that PCID, and the global one. */
  void flushPage(int ofPcid, long vaddr) {
    drop(vaddr, stamps.peek(ofPcid), globalStamp);
  }

  /** INVPCID type 0: as {@link #flushPage}, but global entries stay. */
  void flushPageKeepGlobal(int ofPcid, long vaddr) {
    long dropped = stamps.peek(ofPcid);
    drop(vaddr, dropped, dropped);
  }

  private void drop(long vaddr, long firstStamp, long secondStamp) {
    hot.drop(vaddr);
    small.drop(vaddr, firstStamp, secondStamp);
    boolean largeGone = large.drop(vaddr, firstStamp, secondStamp);
    boolean hugeGone = huge.drop(vaddr, firstStamp, secondStamp);
    dropPieces(largeGone || hugeGone);
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
    // The PCIDs' new stamps change the context of the hot TLB as well.
    globalStamp = stamps.next();
    globalsFilled = false;
    restamp();
  }

  private void restamp() {
    stamp = stamps.of(pcid);
    if (stamps.wrapped()) {
      // Stamps are about to be used again: entries that carry them must go first.
      small.clear();
      large.clear();
      huge.clear();
      hot.dropAll();
      stamps.restart();
      globalStamp = stamps.next();
      stamp = stamps.of(pcid);
    }
    hot.select(stamp, mode);
  }

  long fills() {
    return fills;
  }
}
