package org.jmmu.pgtable;

import java.util.concurrent.atomic.AtomicReference;
import org.jmmu.alloc.Frames;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.KernelBug;
import org.jmmu.types.Mm;
import org.jspecify.annotations.Nullable;

/**
 * Collects what an unmapping takes out of the page tables, and frees it only after the TLB flush: a
 * frame that were given out earlier could be written through a stale translation, a table could be
 * walked. For one thread, between construction and {@link #finish}.
 *
 * @kernel mm/mmu_gather.c
 */
public final class MmuGather {
  private static final int BATCH = 512;
  private static final int FEW = 8;
  private static final long[] EMPTY = {};

  /** A large array waits here for its next use. */
  private static final AtomicReference<long @Nullable []> SPARE = new AtomicReference<>();

  private final Frames frames;
  private final TlbFlush tlbFlush;
  private final Mm mm;
  private long[] pfns = new long[FEW];
  private int nr;
  private long start = Long.MAX_VALUE; // of the range to flush
  private long end;
  private boolean freedTables;

  public MmuGather(Frames frames, TlbFlush tlbFlush, Mm mm) {
    this.frames = frames;
    this.tlbFlush = tlbFlush;
    this.mm = mm;
  }

  /** The entry for {@code vaddr} is gone from the page table. */
  public void addRange(long vaddr) {
    start = Math.min(start, vaddr);
    end = Math.max(end, vaddr + PhysMemory.PAGE_SIZE);
  }

  /** As {@link #addRange(long)}, for all of [{@code from}, {@code to}). */
  public void addRange(long from, long to) {
    start = Math.min(start, from);
    end = Math.max(end, to);
  }

  /** A reference to drop after the flush; the entry was announced by {@link #addRange}. */
  public void addPage(long pfn) {
    add(pfn);
  }

  /**
   * A table that no entry links any more. Flushing also waits for walks that are under way in it.
   *
   * @param entryAddr where the link was
   * @param vaddr first address that the table covered
   */
  void addTable(long pfn, long entryAddr, long vaddr) {
    long entry = Mem.longGetAcquire(entryAddr);
    if (entry != 0 && Pte.pfn(entry) == pfn) {
      throw new KernelBug("page table " + pfn + " freed while linked");
    }
    addRange(vaddr);
    freedTables = true;
    add(pfn);
  }

  /** Whether enough is collected for a flush to be worth while; to be asked without a ptl held. */
  public boolean isFull() {
    return nr >= BATCH;
  }

  /** Flushes, then frees. May be called repeatedly. @kernel mm/mmu_gather.c:tlb_flush_mmu */
  public void finish() {
    if (start < end) {
      if (freedTables) {
        tlbFlush.rangeAndTables(mm, start, end);
      } else {
        tlbFlush.range(mm, start, end);
      }
      freedTables = false;
      start = Long.MAX_VALUE;
      end = 0;
    }
    frames.putAll(pfns, nr);
    nr = 0;
    if (pfns.length > FEW) {
      SPARE.setRelease(pfns);
      pfns = EMPTY;
    }
  }

  private void add(long pfn) {
    if (nr == pfns.length) {
      grow();
    }
    pfns[nr++] = pfn;
  }

  private void grow() {
    long[] larger = nr <= FEW ? SPARE.getAndSet(null) : null;
    if (larger == null) {
      larger = new long[Math.max(2 * BATCH, 2 * nr)];
    }
    System.arraycopy(pfns, 0, larger, 0, nr);
    pfns = larger;
  }
}
