package org.jmmu.hw;

import java.util.StringJoiner;

/** Error code of a page fault (SDM vol 3, 4.7, figure 4-12). */
public final class PageFaultCode {
  /** The translation exists and forbids the access; clear: an entry was not present. */
  public static final int PROTECTION = 1;

  public static final int WRITE = 1 << 1;

  /** The access was made at CPL 3. */
  public static final int USER = 1 << 2;

  /** A reserved bit was set in an entry. */
  public static final int RESERVED = 1 << 3;

  /** Instruction fetch; reported only with EFER.NXE or CR4.SMEP. */
  public static final int FETCH = 1 << 4;

  /** PKRU forbids the access. */
  public static final int PKEY = 1 << 5;

  private PageFaultCode() {}

  /** For messages: {@code "write user not-present"}. */
  public static String describe(int code) {
    StringJoiner words = new StringJoiner(" ");
    words.add((code & FETCH) != 0 ? "fetch" : (code & WRITE) != 0 ? "write" : "read");
    words.add((code & USER) != 0 ? "user" : "supervisor");
    words.add((code & PROTECTION) != 0 ? "protection" : "not-present");
    if ((code & RESERVED) != 0) {
      words.add("reserved-bit");
    }
    if ((code & PKEY) != 0) {
      words.add("protection-key");
    }
    return words.toString();
  }
}
