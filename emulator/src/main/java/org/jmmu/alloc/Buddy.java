package org.jmmu.alloc;

import static org.jmmu.phys.PageFlags.PG_BUDDY;

import org.jmmu.lock.LockClass;
import org.jmmu.lock.SpinLock;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;

/**
 * The buddy allocator of one zone: free blocks of 2^order frames, aligned to their size, on one
 * list per order. The links stand in the descriptors of the blocks' first frames; frame 0 is never
 * free and ends the lists.
 *
 * <p>Frames freed singly are not merged at once: they wait on {@link PerCpuPages}, and on a stack
 * of the zone, from which single frames are given out first, and are merged when a larger block is
 * asked for and none is left. The frame that a thread freed last is thus the one it gets first: it
 * is cache-warm, and a frame that was freed too early meets its next owner soon.
 *
 * @kernel mm/page_alloc.c:__rmqueue_smallest, __free_one_page
 */
public final class Buddy {
  /** Returned instead of a frame number when there is no memory. */
  public static final long NO_FRAME = 0;

  public static final int MAX_ORDER = 10;
  private static final int NIL = 0;

  private final PhysMemory phys;
  private final PerCpuPages pcp;
  private final long zoneLock; // address of the lock word, and of the stack of single frames
  private final long start; // frames [start, end) are this allocator's; immutable
  private final long end;
  private final int[] heads = new int[MAX_ORDER + 1]; // first block of each order; zone lock
  private long nrFree; // frames on the lists and the zone's stack; zone lock
  private long usedEnd; // frames from here on were never given out since the reset; zone lock

  /** The frames [{@code first}, {@code end}) of node {@code nid}. */
  Buddy(PhysMemory phys, int nid, long first, long end) {
    this.phys = phys;
    this.start = Math.max(first, NO_FRAME + 1);
    this.end = end;
    this.zoneLock = phys.allocatorLineAddr(nid, 0);
    this.pcp = new PerCpuPages(phys, this, nid, end - first);
    PageDesc.typeSetOpaque(phys, NO_FRAME, FrameType.RESERVED);
    addAllFrames();
  }

  /**
   * Takes 2^order frames, first reference included.
   *
   * @return the first frame, or {@link #NO_FRAME}
   */
  public long alloc(int order, FrameType type) {
    long pfn = order == 0 && pcp.isEnabled() ? pcp.take() : takeFromZone(order);
    if (pfn == NO_FRAME && pcp.isEnabled()) {
      pcp.drainAll();
      pfn = takeFromZone(order);
    }
    if (pfn != NO_FRAME) {
      prepareNew(pfn, order, type);
    }
    return pfn;
  }

  private void prepareNew(long pfn, int order, FrameType type) {
    for (long each = pfn; each < pfn + (1L << order); each++) {
      FrameChecks.allocated(phys, each);
      PageDesc.clearForOwner(phys, each, type);
    }
    PageDesc.refcountSetRelease(phys, pfn, 1);
  }

  /** Gives 2^order frames back, whose reference count has reached zero. */
  public void free(long pfn, int order) {
    for (long each = pfn; each < pfn + (1L << order); each++) {
      prepareFree(each);
    }
    if (order == 0 && pcp.isEnabled()) {
      pcp.give(pfn);
      return;
    }
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    if (order == 0) {
      pushSingleLocked(pfn);
    } else {
      addMergedLocked(pfn, order);
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  /** Gives frames back, those at [{@code from}, {@code to}) of an array, under one lock. */
  void freeAll(long[] pfns, int from, int to) {
    for (int i = from; i < to; i++) {
      prepareFree(pfns[i]);
    }
    if (from == to) {
      return;
    }
    if (pcp.isEnabled()) {
      pcp.giveAll(pfns, from, to);
      return;
    }
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    for (int i = from; i < to; i++) {
      pushSingleLocked(pfns[i]);
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  /**
   * Merges all free frames, so that the lists show the largest blocks that there are.
   *
   * @kernel mm/page_alloc.c:drain_all_pages
   */
  public void drain() {
    pcp.drainAll();
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    mergeSinglesLocked();
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  /** Whether a free block of 2^{@code order} frames or more is on the lists. */
  public boolean hasFreeBlock(int order) {
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    boolean found = false;
    for (int each = order; each <= MAX_ORDER; each++) {
      found |= heads[each] != NIL;
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
    return found;
  }

  /**
   * Takes every frame of one aligned range that is on the lists, each with its first reference.
   *
   * @param range number of the range, which is 2^{@code order} frames long
   * @param into receives the frames; large enough for all
   * @return how many they are
   * @kernel mm/compaction.c:isolate_freepages_block
   */
  public int isolateFree(long range, int order, long[] into, FrameType type) {
    long first = Math.max(range << order, start);
    long last = Math.min((range + 1) << order, end);
    int nr = 0;
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    splitLargerBlockLocked(range << order, order);
    for (long pfn = first; pfn < last; ) {
      if ((PageDesc.flagsGetAcquire(phys, pfn) & PG_BUDDY) == 0) {
        pfn++;
        continue;
      }
      long blockEnd = pfn + (1L << PageDesc.orderGetPlain(phys, pfn));
      unlinkLocked((int) pfn, PageDesc.orderGetPlain(phys, pfn));
      while (pfn < blockEnd) {
        into[nr++] = pfn++;
      }
      usedEnd = Math.max(usedEnd, blockEnd);
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
    for (int i = 0; i < nr; i++) {
      prepareNew(into[i], 0, type);
    }
    return nr;
  }

  /** Moves at most {@code nr} single frames to a stack of {@link PerCpuPages}. */
  void moveTo(long stack, int nr) {
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    for (int i = 0; i < nr; i++) {
      long pfn = takeLocked(0);
      if (pfn == NO_FRAME) {
        break;
      }
      FrameStack.push(phys, stack, pfn);
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  /** Takes {@code nr} frames back from a stack of {@link PerCpuPages}, which has as many. */
  void moveFrom(long stack, int nr) {
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    for (int i = 0; i < nr; i++) {
      pushSingleLocked(FrameStack.pop(phys, stack));
    }
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  private void prepareFree(long pfn) {
    FrameChecks.freed(phys, pfn);
    PageDesc.typeSetOpaque(phys, pfn, FrameType.FREE);
    PageDesc.generationSetOpaque(phys, pfn, PageDesc.generationGetOpaque(phys, pfn) + 1);
  }

  /** Frames on the free lists. Exact only while nobody allocates or frees. */
  public long nrFree() {
    return nrFree + pcp.nrFree();
  }

  /** For oracles: whether somebody holds a lock of the allocator. */
  public boolean isLocked() {
    return SpinLock.isLocked(zoneLock) || pcp.isLocked();
  }

  /** The first frame of the zone. */
  public long start() {
    return start;
  }

  /** The frame behind the last one of the zone. */
  public long end() {
    return end;
  }

  boolean contains(long pfn) {
    return pfn >= start && pfn < end;
  }

  /** Frames below this may have been given out since the last reset; no other of the zone was. */
  public long usedEnd() {
    return usedEnd;
  }

  /** Forgets every allocation: the machine is to be used afresh. Costs what was used, not more. */
  public void reset() {
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    for (long pfn = start; pfn < usedEnd; pfn++) {
      PageDesc.clearForOwner(phys, pfn, FrameType.FREE);
    }
    for (int order = 0; order <= MAX_ORDER; order++) {
      for (int block = heads[order]; block != NIL; ) {
        int next = PageDesc.nextGetPlain(phys, block);
        PageDesc.clearForOwner(phys, block, FrameType.FREE);
        block = next;
      }
      heads[order] = NIL;
    }
    addAllFrames();
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
  }

  /** Big blocks first, so that the lists end up with the lowest frames at their heads. */
  private void addAllFrames() {
    FrameStack.clear(zoneLock);
    pcp.reset();
    nrFree = 0;
    usedEnd = start;
    long rest = end;
    while (rest > start) {
      int order = Math.min(MAX_ORDER, Long.numberOfTrailingZeros(rest));
      while (rest - (1L << order) < start) {
        order--;
      }
      rest -= 1L << order;
      pushLocked((int) rest, order);
    }
  }

  private long takeFromZone(int order) {
    SpinLock.lock(zoneLock, LockClass.ZONE_LOCK);
    long pfn = takeLocked(order);
    SpinLock.unlock(zoneLock, LockClass.ZONE_LOCK);
    return pfn;
  }

  private long takeLocked(int order) {
    if (order == 0 && FrameStack.size(zoneLock) != 0) {
      nrFree--; // written out: the JIT follows calls only so deep, and faults come by here
      return FrameStack.pop(phys, zoneLock);
    }
    long pfn = takeBlockLocked(order);
    if (pfn == NO_FRAME && FrameStack.size(zoneLock) != 0) {
      mergeSinglesLocked();
      pfn = takeBlockLocked(order);
    }
    return pfn;
  }

  private long takeBlockLocked(int order) {
    for (int from = order; from <= MAX_ORDER; from++) {
      int block = heads[from];
      if (block != NIL) {
        unlinkLocked(block, from);
        usedEnd = Math.max(usedEnd, block + (1L << order));
        // Give the upper halves back until the block has the size that was asked for.
        for (int half = from - 1; half >= order; half--) {
          pushLocked(block + (1 << half), half);
        }
        return block;
      }
    }
    return NO_FRAME;
  }

  /** If a larger free block holds the 2^{@code order} frames from {@code first}: splits it. */
  private void splitLargerBlockLocked(long first, int order) {
    for (int size = order + 1; size <= MAX_ORDER; size++) {
      long block = first & -(1L << size);
      if (contains(block) && isFreeBlock(block, size)) {
        unlinkLocked((int) block, size);
        for (int half = size - 1; half >= order; half--) {
          long upper = block + (1L << half);
          pushLocked((int) (first < upper ? upper : block), half);
          block = first < upper ? block : upper;
        }
        pushLocked((int) block, order);
        return;
      }
    }
  }

  private void addMergedLocked(long pfn, int order) {
    long block = pfn;
    int size = order;
    while (size < MAX_ORDER) {
      long buddy = block ^ (1L << size);
      if (!contains(buddy) || !isFreeBlock(buddy, size)) {
        break;
      }
      unlinkLocked((int) buddy, size);
      block &= buddy;
      size++;
    }
    pushLocked((int) block, size);
  }

  private void mergeSinglesLocked() {
    while (FrameStack.size(zoneLock) != 0) {
      addMergedLocked(popSingleLocked(), 0);
    }
  }

  private void pushSingleLocked(long pfn) {
    FrameStack.push(phys, zoneLock, pfn);
    nrFree++;
  }

  private long popSingleLocked() {
    nrFree--;
    return FrameStack.pop(phys, zoneLock);
  }

  private boolean isFreeBlock(long pfn, int order) {
    return (PageDesc.flagsGetAcquire(phys, pfn) & PG_BUDDY) != 0
        && PageDesc.orderGetPlain(phys, pfn) == order;
  }

  private void pushLocked(int block, int order) {
    int head = heads[order];
    PageDesc.flagsGetAndOr(phys, block, PG_BUDDY);
    PageDesc.orderSetPlain(phys, block, order);
    PageDesc.prevSetPlain(phys, block, NIL);
    PageDesc.nextSetPlain(phys, block, head);
    if (head != NIL) {
      PageDesc.prevSetPlain(phys, head, block);
    }
    heads[order] = block;
    nrFree += 1L << order;
  }

  private void unlinkLocked(int block, int order) {
    int next = PageDesc.nextGetPlain(phys, block);
    int prev = PageDesc.prevGetPlain(phys, block);
    if (prev == NIL) {
      heads[order] = next;
    } else {
      PageDesc.nextSetPlain(phys, prev, next);
    }
    if (next != NIL) {
      PageDesc.prevSetPlain(phys, next, prev);
    }
    PageDesc.flagsGetAndClear(phys, block, PG_BUDDY);
    nrFree -= 1L << order;
  }
}
