package org.jmmu.phys;

/**
 * Descriptor of one frame: {@code struct page}, 64 bytes, one cache line.
 *
 * <pre>
 *  0        8        16       24       32       40   44   48   52   56   60   64
 *  +--------+--------+--------+--------+--------+----+----+----+----+----+----+
 *  | flags  |ref|map | mapping| index  | private|ptl |ordr|next|prev|gen |type|
 *  +--------+--------+--------+--------+--------+----+----+----+----+----+----+
 * </pre>
 *
 * <ul>
 *   <li>flags: {@link PageFlags}; changed by atomic OR and AND only.
 *   <li>refcount: 0 = free; changed by atomic add or cmpxchg.
 *   <li>mapcount: number of page-table entries that map the frame; guarded by the page-table lock
 *       of each entry, hence atomic. The kernel stores it minus one; here 0 means unmapped.
 *   <li>mapping: 0, or a {@link Slot#handle() slot handle} with tag bits; guarded by PG_locked.
 *   <li>index: page offset in the mapping (for anonymous memory, virtual page number when the VMA
 *       was created); guarded by PG_locked. Of a page table: {@code pt_share_count}, how many more
 *       entries than one link it; atomic.
 *   <li>private: slot of a page in the swap cache; otherwise unused.
 *   <li>ptl: split page-table lock of a page-table page.
 *   <li>order, next, prev: the buddy allocator's; guarded by its lock.
 *   <li>gen: counts how often the frame was freed, so that oracles can tell reuse.
 *   <li>type: what the frame is used for, {@link FrameType}; written by the allocator's callers.
 * </ul>
 */
public final class PageDesc {
  static final int SHIFT = 6;
  static final long SIZE = 1L << SHIFT;

  private static final long FLAGS = 0;
  private static final long REFCOUNT = 8;
  private static final long MAPCOUNT = 12;
  private static final long MAPPING = 16;
  private static final long INDEX = 24;
  private static final long PRIVATE = 32;
  private static final long PTL = 40;
  private static final long ORDER = 44;
  private static final long NEXT = 48;
  private static final long PREV = 52;
  private static final long GENERATION = 56;
  private static final long TYPE = 60;

  private PageDesc() {}

  // flags

  public static long flagsGetAcquire(PhysMemory phys, long pfn) {
    return Mem.longGetAcquire(phys.descAddr(pfn) + FLAGS);
  }

  public static long flagsGetAndOr(PhysMemory phys, long pfn, long bits) {
    return Mem.longGetAndOr(phys.descAddr(pfn) + FLAGS, bits);
  }

  public static long flagsGetAndClear(PhysMemory phys, long pfn, long bits) {
    return Mem.longGetAndAnd(phys.descAddr(pfn) + FLAGS, ~bits);
  }

  public static void flagsSetPlain(PhysMemory phys, long pfn, long flags) {
    Mem.longSetPlain(phys.descAddr(pfn) + FLAGS, flags);
  }

  // refcount

  public static int refcountGetAcquire(PhysMemory phys, long pfn) {
    return Mem.intGetAcquire(phys.descAddr(pfn) + REFCOUNT);
  }

  public static void refcountSetRelease(PhysMemory phys, long pfn, int value) {
    Mem.intSetRelease(phys.descAddr(pfn) + REFCOUNT, value);
  }

  public static int refcountGetAndAdd(PhysMemory phys, long pfn, int delta) {
    return Mem.intGetAndAdd(phys.descAddr(pfn) + REFCOUNT, delta);
  }

  public static boolean refcountCas(PhysMemory phys, long pfn, int expected, int value) {
    return Mem.intCas(phys.descAddr(pfn) + REFCOUNT, expected, value);
  }

  // mapcount

  public static int mapcountGetAcquire(PhysMemory phys, long pfn) {
    return Mem.intGetAcquire(phys.descAddr(pfn) + MAPCOUNT);
  }

  public static int mapcountGetAndAdd(PhysMemory phys, long pfn, int delta) {
    return Mem.intGetAndAdd(phys.descAddr(pfn) + MAPCOUNT, delta);
  }

  /** For the owner of a page that nobody else knows yet. */
  public static void mapcountSetPlain(PhysMemory phys, long pfn, int value) {
    Mem.intSetPlain(phys.descAddr(pfn) + MAPCOUNT, value);
  }

  // mapping and index

  public static long mappingGetOpaque(PhysMemory phys, long pfn) {
    return Mem.longGetOpaque(phys.descAddr(pfn) + MAPPING);
  }

  public static long mappingGetAcquire(PhysMemory phys, long pfn) {
    return Mem.longGetAcquire(phys.descAddr(pfn) + MAPPING);
  }

  public static void mappingSetOpaque(PhysMemory phys, long pfn, long mapping) {
    Mem.longSetOpaque(phys.descAddr(pfn) + MAPPING, mapping);
  }

  public static void mappingSetRelease(PhysMemory phys, long pfn, long mapping) {
    Mem.longSetRelease(phys.descAddr(pfn) + MAPPING, mapping);
  }

  public static long indexGetOpaque(PhysMemory phys, long pfn) {
    return Mem.longGetOpaque(phys.descAddr(pfn) + INDEX);
  }

  public static void indexSetOpaque(PhysMemory phys, long pfn, long index) {
    Mem.longSetOpaque(phys.descAddr(pfn) + INDEX, index);
  }

  /** Of a page table: how many more entries than one link it. */
  public static int ptShareCountGetAcquire(PhysMemory phys, long pfn) {
    return Mem.intGetAcquire(phys.descAddr(pfn) + INDEX);
  }

  public static int ptShareCountGetAndAdd(PhysMemory phys, long pfn, int delta) {
    return Mem.intGetAndAdd(phys.descAddr(pfn) + INDEX, delta);
  }

  // private

  public static long privateGetAcquire(PhysMemory phys, long pfn) {
    return Mem.longGetAcquire(phys.descAddr(pfn) + PRIVATE);
  }

  public static void privateSetRelease(PhysMemory phys, long pfn, long value) {
    Mem.longSetRelease(phys.descAddr(pfn) + PRIVATE, value);
  }

  /** Native address of the split page-table lock word, for the lock package. */
  public static long ptlAddr(PhysMemory phys, long pfn) {
    return phys.descAddr(pfn) + PTL;
  }

  // the buddy allocator's fields

  public static int orderGetPlain(PhysMemory phys, long pfn) {
    return Mem.intGetPlain(phys.descAddr(pfn) + ORDER);
  }

  public static void orderSetPlain(PhysMemory phys, long pfn, int order) {
    Mem.intSetPlain(phys.descAddr(pfn) + ORDER, order);
  }

  public static int nextGetPlain(PhysMemory phys, long pfn) {
    return Mem.intGetPlain(phys.descAddr(pfn) + NEXT);
  }

  public static void nextSetPlain(PhysMemory phys, long pfn, int next) {
    Mem.intSetPlain(phys.descAddr(pfn) + NEXT, next);
  }

  public static int prevGetPlain(PhysMemory phys, long pfn) {
    return Mem.intGetPlain(phys.descAddr(pfn) + PREV);
  }

  public static void prevSetPlain(PhysMemory phys, long pfn, int prev) {
    Mem.intSetPlain(phys.descAddr(pfn) + PREV, prev);
  }

  // generation and type

  public static int generationGetOpaque(PhysMemory phys, long pfn) {
    return Mem.intGetOpaque(phys.descAddr(pfn) + GENERATION);
  }

  public static void generationSetOpaque(PhysMemory phys, long pfn, int generation) {
    Mem.intSetOpaque(phys.descAddr(pfn) + GENERATION, generation);
  }

  public static FrameType typeGetOpaque(PhysMemory phys, long pfn) {
    return FrameType.of(Mem.intGetOpaque(phys.descAddr(pfn) + TYPE));
  }

  public static void typeSetOpaque(PhysMemory phys, long pfn, FrameType type) {
    Mem.intSetOpaque(phys.descAddr(pfn) + TYPE, type.code);
  }

  /**
   * Gives the frame to a new owner: all fields but the generation start from nothing. The caller
   * owns the frame alone.
   */
  public static void clearForOwner(PhysMemory phys, long pfn, FrameType type) {
    // No helper in between: this is the deepest point of a fault, and the JIT stops inlining the
    // accessor's own checks from some depth on.
    long desc = phys.descAddr(pfn);
    for (int field = 0; field < GENERATION; field += Long.BYTES) {
      Mem.longSetPlain(desc + field, 0);
    }
    Mem.intSetOpaque(desc + TYPE, type.code);
  }
}
