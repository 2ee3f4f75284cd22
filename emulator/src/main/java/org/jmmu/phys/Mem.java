package org.jmmu.phys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Loads and stores at native addresses, one method per access mode (legend in the package
 * documentation).
 *
 * <p>The one segment spans the whole address space and is {@code static final}, so that the JIT
 * folds its bounds and liveness checks away. Nothing here checks an address: callers do.
 */
@SuppressWarnings("restricted") // the everything-segment is the point of this class
public final class Mem {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final MemorySegment ZEROES = Arena.global().allocate(PhysMemory.PAGE_SIZE);
  private static final VarHandle LONG = JAVA_LONG.varHandle().withInvokeExactBehavior();
  private static final VarHandle INT = JAVA_INT.varHandle().withInvokeExactBehavior();

  private Mem() {}

  // 64-bit words, 8-byte aligned: page-table entries, descriptor fields.

  public static long longGetPlain(long addr) {
    return (long) LONG.get(ALL, addr);
  }

  public static long longGetOpaque(long addr) {
    return (long) LONG.getOpaque(ALL, addr);
  }

  public static long longGetAcquire(long addr) {
    return (long) LONG.getAcquire(ALL, addr);
  }

  public static void longSetPlain(long addr, long value) {
    LONG.set(ALL, addr, value);
  }

  public static void longSetOpaque(long addr, long value) {
    LONG.setOpaque(ALL, addr, value);
  }

  public static void longSetRelease(long addr, long value) {
    LONG.setRelease(ALL, addr, value);
  }

  /** Returns the value found; the store happened if and only if that equals {@code expected}. */
  public static long longCmpxchg(long addr, long expected, long value) {
    return (long) LONG.compareAndExchange(ALL, addr, expected, value);
  }

  public static boolean longCas(long addr, long expected, long value) {
    return LONG.compareAndSet(ALL, addr, expected, value);
  }

  public static long longXchg(long addr, long value) {
    return (long) LONG.getAndSet(ALL, addr, value);
  }

  public static long longGetAndOr(long addr, long bits) {
    return (long) LONG.getAndBitwiseOr(ALL, addr, bits);
  }

  public static long longGetAndAnd(long addr, long mask) {
    return (long) LONG.getAndBitwiseAnd(ALL, addr, mask);
  }

  public static long longGetAndAdd(long addr, long delta) {
    return (long) LONG.getAndAdd(ALL, addr, delta);
  }

  // 32-bit words, 4-byte aligned: counts and lock words.

  public static int intGetPlain(long addr) {
    return (int) INT.get(ALL, addr);
  }

  public static int intGetOpaque(long addr) {
    return (int) INT.getOpaque(ALL, addr);
  }

  public static int intGetAcquire(long addr) {
    return (int) INT.getAcquire(ALL, addr);
  }

  public static void intSetPlain(long addr, int value) {
    INT.set(ALL, addr, value);
  }

  public static void intSetOpaque(long addr, int value) {
    INT.setOpaque(ALL, addr, value);
  }

  public static void intSetRelease(long addr, int value) {
    INT.setRelease(ALL, addr, value);
  }

  public static boolean intCas(long addr, int expected, int value) {
    return INT.compareAndSet(ALL, addr, expected, value);
  }

  public static int intGetAndAdd(long addr, int delta) {
    return (int) INT.getAndAdd(ALL, addr, delta);
  }

  // Contents of frames, any alignment: what user code loads and stores.

  public static byte byteGetPlain(long addr) {
    return ALL.get(JAVA_BYTE, addr);
  }

  public static void byteSetPlain(long addr, byte value) {
    ALL.set(JAVA_BYTE, addr, value);
  }

  public static short shortUnalignedGetPlain(long addr) {
    return ALL.get(JAVA_SHORT_UNALIGNED, addr);
  }

  public static void shortUnalignedSetPlain(long addr, short value) {
    ALL.set(JAVA_SHORT_UNALIGNED, addr, value);
  }

  public static int intUnalignedGetPlain(long addr) {
    return ALL.get(JAVA_INT_UNALIGNED, addr);
  }

  public static void intUnalignedSetPlain(long addr, int value) {
    ALL.set(JAVA_INT_UNALIGNED, addr, value);
  }

  public static long longUnalignedGetPlain(long addr) {
    return ALL.get(JAVA_LONG_UNALIGNED, addr);
  }

  public static void longUnalignedSetPlain(long addr, long value) {
    ALL.set(JAVA_LONG_UNALIGNED, addr, value);
  }

  // Blocks.

  /**
   * Looks for a word that is not zero, many at a time.
   *
   * @param addr of the first word, 8-byte aligned
   * @param words to look at, 512 at most
   * @return the first such word's place among them; {@code words} if there is none
   */
  public static int firstNonZeroLong(long addr, int words) {
    long bytes = (long) words * Long.BYTES;
    long at = MemorySegment.mismatch(ALL, addr, addr + bytes, ZEROES, 0, bytes);
    return at < 0 ? words : (int) (at / Long.BYTES);
  }

  /** Copies {@code bytes} bytes; the ranges must not overlap. */
  public static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  public static void copyIn(byte[] from, int offset, long to, int bytes) {
    MemorySegment.copy(from, offset, ALL, JAVA_BYTE, to, bytes);
  }

  public static void copyOut(long from, byte[] to, int offset, int bytes) {
    MemorySegment.copy(ALL, JAVA_BYTE, from, to, offset, bytes);
  }

  public static void fill(long addr, long bytes, byte value) {
    ALL.asSlice(addr, bytes).fill(value);
  }
}
