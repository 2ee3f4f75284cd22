package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.EXCLUSIVE;
import static org.jmmu.check.Violation.Invariant.SWAP_CACHE;
import static org.jmmu.check.Violation.Invariant.SWAP_MAP;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.SwapInfo;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;

/** Counts, over all address spaces and files, how many entries name each slot of a swap area. */
final class SwapCensus {
  private final PhysMemory phys;
  private final Swapfile swapfile;
  private final SwapCache swapCache;
  private final List<Violation> violations;
  private final Map<Long, Integer> named = new HashMap<>(); // by entry

  SwapCensus(PhysMemory phys, Swapfile swapfile, SwapCache swapCache, List<Violation> violations) {
    this.phys = phys;
    this.swapfile = swapfile;
    this.swapCache = swapCache;
    this.violations = violations;
  }

  /** Starts over. */
  void begin() {
    named.clear();
  }

  /** A swap entry in a page table. */
  void count(long pteVal, String where) {
    long entry = SwapPte.toEntry(pteVal);
    countSlot(entry, where);
    if (SwapPte.isExclusive(pteVal) && swapfile.isInUse(entry) && swapfile.count(entry) != 1) {
      add(EXCLUSIVE, "slot " + name(entry) + " is counted " + swapfile.count(entry) + " times");
    }
  }

  /** A slot is named, by a page table or by a page cache. */
  void countSlot(long entry, String where) {
    int _ = named.merge(entry, 1, Integer::sum);
    if (!swapfile.isInUse(entry)) {
      add(SWAP_MAP, "slot " + name(entry) + " is free, but it is named " + where);
    }
  }

  /** All entries are counted: judges every slot. */
  void checkSlots() {
    for (SwapInfo info : swapfile.areas()) {
      int inUse = 0;
      for (long entry = info.nextEntry(0); entry != 0; entry = info.nextEntry(entry)) {
        inUse++;
        checkSlot(entry);
      }
      if (inUse != info.inUsePages()) {
        add(SWAP_MAP, inUse + " slots are in use of " + info);
      }
    }
  }

  private void checkSlot(long entry) {
    int count = swapfile.count(entry);
    int expected = named.getOrDefault(entry, 0);
    if (count != expected) {
      add(
          SWAP_MAP,
          "slot " + name(entry) + " says " + count + ", " + expected + " entries name it");
    }
    long pfn = swapfile.cached(entry);
    if (pfn == 0) {
      return;
    }
    if (!phys.containsPfn(pfn)
        || PageDesc.typeGetOpaque(phys, pfn) != FrameType.USER
        || !swapCache.holds(entry, pfn)) {
      add(SWAP_CACHE, "frame " + pfn + " stands for slot " + name(entry));
    } else if (count == 0 && PageDesc.mapcountGetAcquire(phys, pfn) == 0) {
      add(SWAP_CACHE, "nobody needs frame " + pfn + " and slot " + name(entry));
    }
  }

  /** Whether the swap cache has a reference to the page. */
  boolean isCached(int pfn) {
    if (!swapCache.has(pfn)) {
      return false;
    }
    long entry = swapCache.entry(pfn);
    if (swapfile.cached(entry) != pfn) {
      add(SWAP_CACHE, "frame " + pfn + " is not the page of slot " + name(entry));
      return false;
    }
    if ((PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_ANON_EXCLUSIVE) != 0
        && swapfile.count(entry) != 0) {
      add(EXCLUSIVE, "frame " + pfn + " is mapped, and named by swap entries");
    }
    return true;
  }

  private static String name(long entry) {
    return "0x" + Long.toHexString(entry);
  }

  private void add(Violation.Invariant invariant, String where) {
    violations.add(new Violation(invariant, where));
  }
}
