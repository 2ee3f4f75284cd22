package org.jmmu.hw;

import java.lang.invoke.VarHandle;
import org.jmmu.phys.Mem;

/**
 * Moves up to eight bytes to or from one page or two, when no fast path did. An aligned access
 * stays one access, because other CPUs must never see half of it; silicon promises nothing for the
 * others (SDM vol 3, 9.1.1).
 */
final class BytesInPages {
  private BytesInPages() {}

  /**
   * @param inFirst how many bytes there are from {@code first} to the end of its page
   */
  static long load(long first, long second, int inFirst, int size) {
    long value =
        size <= inFirst ? loadWithin(first, size) : loadBytes(first, second, inFirst, size);
    VarHandle.acquireFence();
    return value;
  }

  private static long loadWithin(long addr, int size) {
    return switch (size) {
      case Byte.BYTES -> Mem.byteGetPlain(addr) & 0xffL;
      case Short.BYTES -> Mem.shortUnalignedGetPlain(addr) & 0xffffL;
      case Integer.BYTES -> Mem.intUnalignedGetPlain(addr) & 0xffff_ffffL;
      case Long.BYTES -> Mem.longUnalignedGetPlain(addr);
      default -> loadBytes(addr, 0, size, size);
    };
  }

  private static long loadBytes(long first, long second, int inFirst, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      long addr = i < inFirst ? first + i : second + i - inFirst;
      value = value << Byte.SIZE | (Mem.byteGetPlain(addr) & 0xffL);
    }
    return value;
  }

  static void store(long first, long second, int inFirst, int size, long value) {
    VarHandle.releaseFence();
    if (size > inFirst) {
      storeBytes(first, second, inFirst, size, value);
      return;
    }
    switch (size) {
      case Byte.BYTES -> Mem.byteSetPlain(first, (byte) value);
      case Short.BYTES -> Mem.shortUnalignedSetPlain(first, (short) value);
      case Integer.BYTES -> Mem.intUnalignedSetPlain(first, (int) value);
      case Long.BYTES -> Mem.longUnalignedSetPlain(first, value);
      default -> storeBytes(first, 0, size, size, value);
    }
  }

  private static void storeBytes(long first, long second, int inFirst, int size, long value) {
    for (int i = 0; i < size; i++) {
      long addr = i < inFirst ? first + i : second + i - inFirst;
      Mem.byteSetPlain(addr, (byte) (value >>> (i * Byte.SIZE)));
    }
  }
}
