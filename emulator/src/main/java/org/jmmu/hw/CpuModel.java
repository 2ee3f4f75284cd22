package org.jmmu.hw;

/**
 * What differs between CPUs that run the same code.
 *
 * @param physAddrBits MAXPHYADDR: width of a physical address, 36 to 52; higher bits are reserved
 * @param vendor whose rules decide where the two manuals differ
 */
public record CpuModel(int physAddrBits, Vendor vendor) {
  /** Whose manual is followed. */
  public enum Vendor {
    INTEL,
    /** As Intel, but bit 8 of a PGD entry is reserved (APM vol 2, 5.3.3). */
    AMD
  }

  /** An Intel server part: 46 bits of physical address. */
  public static final CpuModel INTEL = new CpuModel(46, Vendor.INTEL);

  public CpuModel {
    if (physAddrBits < 36 || physAddrBits > 52) {
      throw new IllegalArgumentException("physAddrBits must be 36 to 52: " + physAddrBits);
    }
  }

  public CpuModel withPhysAddrBits(int bits) {
    return new CpuModel(bits, vendor);
  }

  public CpuModel withVendor(Vendor other) {
    return new CpuModel(physAddrBits, other);
  }

  /** Bits of a page-table word that must be zero because they lie above MAXPHYADDR. */
  long reservedAddressBits() {
    return PteBits.ADDRESS & -(1L << physAddrBits);
  }
}
