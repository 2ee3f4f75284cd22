package org.jmmu.hw;

/** Bits of the control registers that paging looks at (SDM vol 3, 2.5 and 4.1.3). */
public final class ControlBits {
  public static final long CR0_PE = 1L;
  public static final long CR0_WP = 1L << 16;
  public static final long CR0_PG = 1L << 31;

  /** Bits 11:0 of CR3 with CR4.PCIDE: the process-context identifier. */
  public static final long CR3_PCID = 0xfff;

  /** Bit 63 of the value written to CR3 with CR4.PCIDE: keep the TLB entries of the PCID. */
  public static final long CR3_NOFLUSH = 1L << 63;

  public static final long CR4_PAE = 1L << 5;
  public static final long CR4_PGE = 1L << 7;
  public static final long CR4_PCIDE = 1L << 17;
  public static final long CR4_SMEP = 1L << 20;
  public static final long CR4_SMAP = 1L << 21;
  public static final long CR4_PKE = 1L << 22;

  public static final long EFER_LME = 1L << 8;
  public static final long EFER_LMA = 1L << 10;
  public static final long EFER_NXE = 1L << 11;

  private ControlBits() {}
}
