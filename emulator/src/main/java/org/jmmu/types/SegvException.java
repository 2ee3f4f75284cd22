package org.jmmu.types;

/** SIGSEGV, as the kernel would deliver it to the process that made the access. */
public final class SegvException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why: the {@code si_code} of the signal, with Linux's values. */
  public enum Code {
    /** No VMA covers the address. */
    SEGV_MAPERR(1),
    /** The VMA does not permit the access. */
    SEGV_ACCERR(2),
    /** An address outside the bounds that the process checks. */
    SEGV_BNDERR(3),
    /** The protection key of the page does not permit the access. */
    SEGV_PKUERR(4);

    private final int number;

    Code(int number) {
      this.number = number;
    }

    public int number() {
      return number;
    }
  }

  private final Code code;
  private final long vaddr;

  private final long lower;
  private final long upper;

  public SegvException(Code code, long vaddr) {
    super(code + " at 0x" + Long.toHexString(vaddr));
    this.code = code;
    this.vaddr = vaddr;
    lower = 0;
    upper = 0;
  }

  private SegvException(long vaddr, long lower, long upper) {
    super("%s at 0x%x, outside 0x%x to 0x%x".formatted(Code.SEGV_BNDERR, vaddr, lower, upper));
    this.code = Code.SEGV_BNDERR;
    this.vaddr = vaddr;
    this.lower = lower;
    this.upper = upper;
  }

  /** SEGV_BNDERR: {@code vaddr} is not within [{@code lower}, {@code upper}]. */
  public static SegvException outOfBounds(long vaddr, long lower, long upper) {
    return new SegvException(vaddr, lower, upper);
  }

  public Code code() {
    return code;
  }

  /** For SEGV_BNDERR: the bounds ({@code si_lower}). */
  public long lower() {
    return lower;
  }

  /** For SEGV_BNDERR: the bounds ({@code si_upper}). */
  public long upper() {
    return upper;
  }

  /** The address that was accessed ({@code si_addr}). */
  public long vaddr() {
    return vaddr;
  }
}
