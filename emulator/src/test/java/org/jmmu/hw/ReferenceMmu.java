package org.jmmu.hw;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

/**
 * An MMU without TLB, without tables of rights and without atomics: SDM vol 3, chapter 4, written
 * down sentence by sentence, to test the fast one against. It changes nothing.
 */
final class ReferenceMmu {
  /** What decides about rights. */
  record Mode(
      boolean user,
      boolean ac,
      boolean wp,
      boolean nxe,
      boolean smep,
      boolean smap,
      boolean pke,
      int pkru) {}

  /** How a translation ends. */
  enum End {
    PAGE,
    PAGE_FAULT,
    MACHINE_CHECK,
    GENERAL_PROTECTION
  }

  /**
   * @param value paddr of the byte, error code, or the address that nobody answered
   * @param entries paddrs of the entries used, from the PGD down; zero where there was none
   * @param dirty whether the leaf is dirty before the access
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Translation(End end, long value, long[] entries, int level, boolean dirty) {
    static Translation failed(End end, long value) {
      return new Translation(end, value, new long[0], 0, false);
    }
  }

  private final PhysMemory phys;
  private final int physAddrBits;

  ReferenceMmu(PhysMemory phys, int physAddrBits) {
    this.phys = phys;
    this.physAddrBits = physAddrBits;
  }

  Translation translate(long root, long vaddr, int access, Mode mode) {
    long top = vaddr >> 47;
    if (top != 0 && top != -1) {
      return Translation.failed(End.GENERAL_PROTECTION, 0);
    }
    long[] entries = new long[4];
    boolean writable = true;
    boolean userPage = true;
    boolean executable = true;
    long table = root;
    for (int level = 4; ; level--) {
      if (table / PhysMemory.PAGE_SIZE >= phys.nrFrames()) {
        return Translation.failed(End.MACHINE_CHECK, table);
      }
      long index = (vaddr >>> (12 + 9 * (level - 1))) % 512;
      long paddr = table + 8 * index;
      entries[4 - level] = paddr;
      long entry = Mem.longGetAcquire(phys.addr(paddr));
      if (!bit(entry, 0)) {
        return pageFault(0, access, mode);
      }
      boolean large = level > 1 && bit(entry, 7);
      if (reservedBitSet(entry, level, large, mode)) {
        return pageFault(PageFaultCode.PROTECTION | PageFaultCode.RESERVED, access, mode);
      }
      writable &= bit(entry, 1);
      userPage &= bit(entry, 2);
      executable &= !bit(entry, 63);
      table = field(entry, 12, 51) << 12;
      if (level == 1 || large) {
        long pageSize = 4096L << (9 * (level - 1));
        int key = (int) field(entry, 59, 62);
        boolean keyDenies = userPage && access != Access.FETCH && keyDenies(key, access, mode);
        if (keyDenies || !allowed(access, mode, writable, userPage, executable)) {
          int code = PageFaultCode.PROTECTION | (keyDenies ? PageFaultCode.PKEY : 0);
          return pageFault(code, access, mode);
        }
        long page = table / pageSize * pageSize + Long.remainderUnsigned(vaddr, pageSize);
        return new Translation(End.PAGE, page, entries, level, bit(entry, 6));
      }
    }
  }

  /**
   * What a TLB entry for a translation holds: RW, US and NX of all levels, G and key of the leaf.
   */
  long combined(Translation translation) {
    long all = -1;
    long any = 0;
    long leaf = 0;
    for (int level = 4; level >= translation.level(); level--) {
      leaf = Mem.longGetAcquire(phys.addr(translation.entries()[4 - level]));
      all &= leaf;
      any |= leaf;
    }
    return (all & (PteBits.RW | PteBits.US))
        | (any & PteBits.NX)
        | (leaf & (PteBits.G | PteBits.PKEY));
  }

  /** Whether a page with these combined rights allows an access. */
  boolean allowed(long combined, int access, Mode mode) {
    boolean userPage = bit(combined, 2);
    boolean keyDenies =
        userPage
            && access != Access.FETCH
            && keyDenies((int) field(combined, 59, 62), access, mode);
    return !keyDenies && allowed(access, mode, bit(combined, 1), userPage, !bit(combined, 63));
  }

  private boolean reservedBitSet(long entry, int level, boolean large, Mode mode) {
    if (!mode.nxe && bit(entry, 63)) {
      return true;
    }
    if (field(entry, physAddrBits, 51) != 0) {
      return true;
    }
    return switch (level) {
      case 4 -> bit(entry, 7);
      case 3 -> large && field(entry, 13, 29) != 0;
      case 2 -> large && field(entry, 13, 20) != 0;
      default -> false;
    };
  }

  private static boolean allowed(
      int access, Mode mode, boolean writable, boolean userPage, boolean executable) {
    if (mode.user && !userPage) {
      return false;
    }
    if (access == Access.FETCH) {
      boolean smepForbids = !mode.user && userPage && mode.smep;
      return !smepForbids && (!mode.nxe || executable);
    }
    if (!mode.user && userPage && mode.smap && !mode.ac) {
      return false;
    }
    boolean readOnlyMatters = mode.user || mode.wp;
    return access == Access.READ || writable || !readOnlyMatters;
  }

  private static boolean keyDenies(int key, int access, Mode mode) {
    if (!mode.pke) {
      return false;
    }
    boolean accessDisable = bit(mode.pkru, 2 * key);
    boolean writeDisable = bit(mode.pkru, 2 * key + 1);
    return accessDisable || (access == Access.WRITE && writeDisable && (mode.user || mode.wp));
  }

  private static Translation pageFault(int code, int access, Mode mode) {
    int full = code;
    full |= access == Access.WRITE ? PageFaultCode.WRITE : 0;
    full |= mode.user ? PageFaultCode.USER : 0;
    full |= access == Access.FETCH && (mode.nxe || mode.smep) ? PageFaultCode.FETCH : 0;
    return Translation.failed(End.PAGE_FAULT, full);
  }

  private static boolean bit(long word, int n) {
    return field(word, n, n) != 0;
  }

  private static long field(long word, int first, int last) {
    return word << (63 - last) >>> (63 - last + first);
  }
}
