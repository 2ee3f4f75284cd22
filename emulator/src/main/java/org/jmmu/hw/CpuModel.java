package org.jmmu.hw;

/**
 * What differs between CPUs that run the same code.
 *
 * @param physAddrBits MAXPHYADDR: width of a physical address, 36 to 52; higher bits are reserved
 * @param vendor whose rules decide where the two manuals differ
 * @param tlbEntries TLB entries for 4-KiB pages, a power of two; large pages have their own
 */
public record CpuModel(int physAddrBits, Vendor vendor, int tlbEntries) {
  /** Whose manual is followed. */
  public enum Vendor {
    INTEL,
    /** As Intel, but bit 8 of a PGD entry is reserved (APM vol 2, 5.3.3). */
    AMD
  }

  /** An Intel server part: 46 bits of physical address, 512 TLB entries. */
  public static final CpuModel INTEL = new CpuModel(46, Vendor.INTEL, 512);

  public CpuModel {
    if (physAddrBits < 36 || physAddrBits > 52) {
      throw new IllegalArgumentException("physAddrBits must be 36 to 52: " + physAddrBits);
    }
    if (Integer.bitCount(tlbEntries) != 1) {
      throw new IllegalArgumentException("tlbEntries must be a power of two: " + tlbEntries);
    }
  }

  public CpuModel withPhysAddrBits(int bits) {
    return new CpuModel(bits, vendor, tlbEntries);
  }

  public CpuModel withVendor(Vendor other) {
    return new CpuModel(physAddrBits, other, tlbEntries);
  }

  public CpuModel withTlbEntries(int entries) {
    return new CpuModel(physAddrBits, vendor, entries);
  }

  /** Bits of a page-table word that must be zero because they lie above MAXPHYADDR. */
  long reservedAddressBits() {
    return PteBits.ADDRESS & -(1L << physAddrBits);
  }
}
