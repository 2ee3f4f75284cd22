package org.jmmu.pgtable;

import static org.jmmu.hw.PteBits.LEVEL_PGD;
import static org.jmmu.hw.PteBits.LEVEL_PMD;
import static org.jmmu.hw.PteBits.LEVEL_PTE;
import static org.jmmu.hw.PteBits.LEVEL_PUD;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.hw.PteBits;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;

/**
 * Four levels of tables, 512 words each; levels are numbered as in {@link PteBits}.
 *
 * @kernel mm/memory.c:__pte_alloc, free_pgd_range
 */
public final class PageTables {
  /** No such entry, or no memory for one. */
  public static final long NONE = 0;

  private static final long PMD_SIZE = PteBits.size(LEVEL_PMD);
  private static final int ENTRY_SHIFT = 3; // log2 of the bytes of an entry
  private static final long INDEX_BYTES = (PteBits.ENTRIES_PER_TABLE - 1L) << ENTRY_SHIFT;

  private final PhysMemory phys;
  private final Frames frames;
  private final long memory; // native address of physical address 0; immutable
  private final long end; // physical address behind the last frame; immutable

  public PageTables(PhysMemory phys, Frames frames) {
    this.phys = phys;
    this.frames = frames;
    this.memory = phys.frameAddr(0);
    this.end = phys.nrFrames() << PhysMemory.PAGE_SHIFT;
  }

  /** An empty top-level table, or {@link Buddy#NO_FRAME}. */
  public long pgdAlloc() {
    return frames.allocZeroed(FrameType.PAGE_TABLE);
  }

  /** The last user of the mm gives up its top-level table, which must be empty by now. */
  public void pgdFree(long pgdPfn) {
    frames.put(pgdPfn);
  }

  /** First address behind the 2 MiB that one table of entries covers. */
  public static long pmdAddrEnd(long vaddr, long end) {
    long boundary = (vaddr + PMD_SIZE) & -PMD_SIZE;
    return Long.compareUnsigned(boundary, end) < 0 ? boundary : end;
  }

  /**
   * Address of the entry for {@code vaddr}, or {@link #NONE} if a table on the way is missing or a
   * huge page is mapped there.
   */
  public long pteOffset(Mm mm, long vaddr) {
    // Copies: with an acquire on every level, the JIT would read the fields anew each time.
    long first = memory;
    long bytes = end;
    long table = first + (mm.pgdPfn << PhysMemory.PAGE_SHIFT);
    for (int level = LEVEL_PGD; level > LEVEL_PTE; level--) {
      // Acquire: pairs with the release in link(), so that a new table is seen zeroed.
      long entry = Mem.longGetAcquire(entryAddr(table, level, vaddr));
      if (entry == 0 || isHuge(entry)) {
        return NONE;
      }
      table = tableOf(entry, first, bytes);
    }
    return entryAddr(table, LEVEL_PTE, vaddr);
  }

  /** Whether a word above the lowest level maps a huge page, though perhaps with PROT_NONE. */
  public static boolean isHuge(long entry) {
    return (entry & PteBits.PS) != 0;
  }

  /**
   * Address of the word for the 2 MiB around {@code vaddr}, or {@link #NONE} if a table on the way
   * is missing.
   *
   * @kernel mm/hugetlb.c:huge_pte_offset
   */
  public long hugePteOffset(Mm mm, long vaddr) {
    return pmdAddr(mm, vaddr, false);
  }

  /**
   * As {@link #hugePteOffset}, making what is missing; {@link #NONE} only without memory.
   *
   * @kernel mm/hugetlb.c:huge_pte_alloc
   */
  public long hugePteAlloc(Mm mm, long vaddr) {
    return pmdAddr(mm, vaddr, true);
  }

  /** As {@link #pteOffset}, making what is missing; {@link #NONE} only without memory. */
  public long pteAlloc(Mm mm, long vaddr) {
    long first = memory;
    long bytes = end;
    long table = first + (mm.pgdPfn << PhysMemory.PAGE_SHIFT);
    for (int level = LEVEL_PGD; level > LEVEL_PTE; level--) {
      long entryAddr = entryAddr(table, level, vaddr);
      long entry = Mem.longGetAcquire(entryAddr);
      if (entry == 0) {
        entry = link(mm, entryAddr);
        if (entry == 0) {
          return NONE;
        }
      }
      table = tableOf(entry, first, bytes);
    }
    return entryAddr(table, LEVEL_PTE, vaddr);
  }

  /** Makes the tables that {@link #moveTable} needs at {@code vaddr}; false only without memory. */
  public boolean pmdAlloc(Mm mm, long vaddr) {
    return pmdAddr(mm, vaddr, true) != NONE;
  }

  /** Address of the lock word that guards the entry at {@code pteAddr}. */
  public long ptl(long pteAddr) {
    return PageDesc.ptlAddr(phys, phys.pfnOfAddr(pteAddr));
  }

  public void lock(long pteAddr) {
    SpinLock.lock(ptl(pteAddr), LockClass.PTL);
  }

  public void unlock(long pteAddr) {
    SpinLock.unlock(ptl(pteAddr), LockClass.PTL);
  }

  /**
   * Unlinks and frees every table that maps nothing outside [{@code floor}, {@code ceiling}),
   * looking only where [{@code start}, {@code end}) was mapped. The caller holds mmap_lock(W) and
   * has zapped the range and taken its VMAs off the reverse map.
   *
   * @param ceiling 0 = end of the address space
   */
  public void freeRange(MmuGather gather, Mm mm, long start, long end, long floor, long ceiling) {
    freeBelow(gather, phys.frameAddr(mm.pgdPfn), LEVEL_PGD, start, end, floor, ceiling);
  }

  private void freeBelow(
      MmuGather gather, long table, int level, long start, long end, long floor, long ceiling) {
    long size = PteBits.size(level);
    for (long at = start & -size; at < end; at += size) {
      long entryAddr = entryAddr(table, level, at);
      long entry = Mem.longGetAcquire(entryAddr);
      if (entry == 0) {
        continue;
      }
      long child = tableOf(entry, memory, this.end);
      if (level > LEVEL_PMD) {
        freeBelow(
            gather,
            child,
            level - 1,
            Math.max(at, start),
            Math.min(at + size, end),
            floor,
            ceiling);
      }
      if (at >= floor && (ceiling == 0 || at + size <= ceiling)) {
        Mem.longSetRelease(entryAddr, 0);
        gather.addTable(phys.pfnOfAddr(child), entryAddr, at);
      }
    }
  }

  /**
   * Unlinks the table that covers the 2 MiB at {@code from}, and links it at {@code to}. The caller
   * holds mmap_lock(W), keeps reverse-map walks out, and flushes {@code from} before it lets them
   * in again.
   *
   * @return false, with nothing changed, if there is no such table, or if {@code to} has one
   *     already or has not been prepared by {@link #pmdAlloc}
   */
  public boolean moveTable(Mm mm, long from, long to) {
    long oldEntryAddr = pmdAddr(mm, from, false);
    long newEntryAddr = oldEntryAddr == NONE ? NONE : pmdAddr(mm, to, false);
    if (newEntryAddr == NONE) {
      return false;
    }
    long ptl = PageDesc.ptlAddr(phys, mm.pgdPfn);
    SpinLock.lock(ptl, LockClass.PAGE_TABLE_LOCK);
    long entry = Mem.longGetAcquire(oldEntryAddr);
    boolean moved = entry != 0 && Mem.longGetAcquire(newEntryAddr) == 0;
    if (moved) {
      Mem.longSetRelease(oldEntryAddr, 0);
      Mem.longSetRelease(newEntryAddr, entry);
    }
    SpinLock.unlock(ptl, LockClass.PAGE_TABLE_LOCK);
    return moved;
  }

  /** Address of the entry for the GiB around {@code vaddr}, or {@link #NONE}. */
  public long pudOffset(Mm mm, long vaddr) {
    return entryAddr(mm, vaddr, LEVEL_PUD, false);
  }

  /** As {@link #pudOffset}, making what is missing; {@link #NONE} only without memory. */
  long pudAlloc(Mm mm, long vaddr) {
    return entryAddr(mm, vaddr, LEVEL_PUD, true);
  }

  /** Address of the entry that links the table for {@code vaddr}, or {@link #NONE}. */
  private long pmdAddr(Mm mm, long vaddr, boolean make) {
    return entryAddr(mm, vaddr, LEVEL_PMD, make);
  }

  private long entryAddr(Mm mm, long vaddr, int lowest, boolean make) {
    long table = memory + (mm.pgdPfn << PhysMemory.PAGE_SHIFT);
    for (int level = LEVEL_PGD; level > lowest; level--) {
      long entryAddr = entryAddr(table, level, vaddr);
      long entry = Mem.longGetAcquire(entryAddr);
      if (entry == 0 && make) {
        entry = link(mm, entryAddr);
      }
      if (entry == 0) {
        return NONE;
      }
      table = tableOf(entry, memory, end);
    }
    return entryAddr(table, lowest, vaddr);
  }

  /** Makes a table and links it, unless somebody was faster; returns the entry, 0 = no memory. */
  private long link(Mm mm, long entryAddr) {
    long child = frames.allocZeroed(FrameType.PAGE_TABLE);
    if (child == Buddy.NO_FRAME) {
      return 0;
    }
    long ptl = PageDesc.ptlAddr(phys, mm.pgdPfn);
    SpinLock.lock(ptl, LockClass.PAGE_TABLE_LOCK);
    long entry = Mem.longGetAcquire(entryAddr);
    boolean mine = entry == 0;
    if (mine) {
      entry = Pte.table(child);
      // Release: whoever sees the entry, walkers included, sees the table's zeroes.
      Mem.longSetRelease(entryAddr, entry);
    }
    SpinLock.unlock(ptl, LockClass.PAGE_TABLE_LOCK);
    if (!mine) {
      frames.put(child);
    }
    return entry;
  }

  /** Native address of the table that an entry links. */
  private static long tableOf(long entry, long memory, long end) {
    long paddr = entry & PteBits.ADDRESS;
    if (paddr >= end || isHuge(entry)) {
      throw new KernelBug("bad page-table entry 0x" + Long.toHexString(entry));
    }
    return memory + paddr;
  }

  private static long entryAddr(long table, int level, long vaddr) {
    return table + ((vaddr >>> (PteBits.shift(level) - ENTRY_SHIFT)) & INDEX_BYTES);
  }
}
