package org.jmmu.hw;

import org.jmmu.phys.Mem;
import org.jmmu.phys.NativeMemory;
import org.jmmu.phys.PhysMemory;

/**
 * Layout of the native memory that belongs to one CPU: the words that every access reads, and the
 * requests that other CPUs post.
 *
 * <pre>
 *     0        8       16        128     136    144       256         1024       4096    12288
 *     +--------+-------+-- … ----+-------+------+-- … ---+-----------+-- … -----+-------+--------+
 *     |pending |section|         |context| hits |        | requests  |          | reads | writes |
 *     +--------+-------+-- … ----+-------+------+-- … ---+-----------+-- … -----+-------+--------+
 *      (others write)             (the CPU alone)         3 words each           key and addend
 * </pre>
 *
 * Native, because a table there needs no bounds check, and because words that other CPUs write can
 * be kept on cache lines of their own.
 *
 * <ul>
 *   <li>pending: a bit per posted request; any CPU sets, the owner clears. See {@link Ipi}.
 *   <li>section: one inside an access, else zero; the owner writes, shooters read.
 *   <li>claimed (at 64): a bit per request that a poster has taken for itself; any CPU.
 *   <li>context: part of the key that an entry must have; the owner only. See {@link HotTlb}.
 *   <li>hits: see {@link CpuStatistics}; the owner only.
 *   <li>requests: written by the CPU that has claimed the slot, then read by the owner.
 *   <li>reads, writes: the hot TLB; the owner only.
 * </ul>
 */
final class CpuBlock {
  static final int ENTRIES = 512;
  static final int REQUESTS = 32;

  private static final long PENDING = 0;
  private static final long SECTION = 8;
  private static final long CLAIMED = 64;
  private static final long CONTEXT = 128;
  private static final long HITS = 136;
  private static final long REQUEST = 256;
  private static final long REQUEST_BYTES = 3 * Long.BYTES;
  private static final long READS = 4096;
  private static final int ENTRY_SHIFT = 4; // key and addend
  private static final long WRITES = READS + ((long) ENTRIES << ENTRY_SHIFT);
  private static final long SIZE = WRITES + ((long) ENTRIES << ENTRY_SHIFT);
  private static final long ALIGN = 128;

  private static final long NATIVE_ADDRESS = (1L << 56) - 1;
  private static final long INSIDE = 1;

  private CpuBlock() {}

  /** Native address of a new, zeroed block that lives as long as {@code owner}. */
  static long allocate(Object owner) {
    assert REQUEST + REQUESTS * REQUEST_BYTES <= READS;
    return NativeMemory.allocateZeroed(owner, SIZE, ALIGN);
  }

  /** The same block; the mask tells the JIT that offsets from it are aligned and in bounds. */
  static long checked(long block) {
    return block & NATIVE_ADDRESS & -ALIGN;
  }

  /** The same address of {@code size} bytes, with as much said to the JIT. */
  static long checked(long addr, int size) {
    return addr & NATIVE_ADDRESS & -size;
  }

  // pending

  static long pendingGetAcquire(long block) {
    return Mem.longGetAcquire(block + PENDING);
  }

  static void pendingGetAndOr(long block, long bits) {
    Mem.longGetAndOr(block + PENDING, bits);
  }

  static long pendingXchg(long block, long bits) {
    return Mem.longXchg(block + PENDING, bits);
  }

  // section

  static void sectionEnterOpaque(long block) {
    Mem.longSetOpaque(block + SECTION, INSIDE);
  }

  static void sectionLeaveRelease(long block) {
    Mem.longSetRelease(block + SECTION, 0);
  }

  static boolean sectionInsideGetAcquire(long block) {
    return Mem.longGetAcquire(block + SECTION) != 0;
  }

  // requests and who has claimed them

  static long claimedGetAcquire(long block) {
    return Mem.longGetAcquire(block + CLAIMED);
  }

  static boolean claimedCas(long block, long expected, long value) {
    return Mem.longCas(block + CLAIMED, expected, value);
  }

  static void claimedGetAndClear(long block, long bits) {
    Mem.longGetAndAnd(block + CLAIMED, ~bits);
  }

  static long requestGetPlain(long block, int request, int word) {
    return Mem.longGetPlain(block + REQUEST + request * REQUEST_BYTES + (long) word * Long.BYTES);
  }

  static void requestSetPlain(long block, int request, int word, long value) {
    Mem.longSetPlain(block + REQUEST + request * REQUEST_BYTES + (long) word * Long.BYTES, value);
  }

  // hot TLB

  static long contextGetPlain(long block) {
    return Mem.longGetPlain(block + CONTEXT);
  }

  static void contextSetPlain(long block, long context) {
    Mem.longSetPlain(block + CONTEXT, context);
  }

  /** Does nothing, at no cost, unless hits are counted. */
  static void countHit(long block) {
    if (CpuStatistics.COUNTS_HITS) {
      Mem.longSetPlain(block + HITS, hitsGetPlain(block) + 1);
    }
  }

  static long hitsGetPlain(long block) {
    return Mem.longGetPlain(block + HITS);
  }

  /** Address of the entry for reads of a page. */
  static long readEntry(long block, long vaddr) {
    return block + READS + slot(vaddr);
  }

  /** Address of the entry for writes. */
  static long writeEntry(long block, long vaddr) {
    return block + WRITES + slot(vaddr);
  }

  private static long slot(long vaddr) {
    return (vaddr >>> PhysMemory.PAGE_SHIFT & ENTRIES - 1) << ENTRY_SHIFT;
  }

  static long keyGetPlain(long entry) {
    return Mem.longGetPlain(entry);
  }

  static long addendGetPlain(long entry) {
    return Mem.longGetPlain(entry + Long.BYTES);
  }

  static void entrySetPlain(long entry, long key, long addend) {
    Mem.longSetPlain(entry, key);
    Mem.longSetPlain(entry + Long.BYTES, addend);
  }

  /** No key is zero: contexts start from one. */
  static void clearEntries(long block) {
    Mem.fill(block + READS, SIZE - READS, (byte) 0);
  }
}
