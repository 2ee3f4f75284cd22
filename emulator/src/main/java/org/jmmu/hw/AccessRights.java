package org.jmmu.hw;

/**
 * Who may do what to which page, for the present mode of one CPU (SDM vol 3, 4.6): CPL, CR0.WP,
 * CR4.SMEP, SMAP and PKE, RFLAGS.AC and PKRU boiled down to three masks, so that a walk asks by
 * shifting.
 *
 * <p>A page is described by three bits that every level of its walk must grant: RW, US and
 * executable (NX inverted).
 */
final class AccessRights {
  // A mode is one word: these bits, and PKRU above them if protection keys are on.
  static final long MODE_USER = 1L;
  static final long MODE_AC = 1L << 1;
  static final long MODE_WP = 1L << 2;
  static final long MODE_SMEP = 1L << 3;
  static final long MODE_SMAP = 1L << 4;
  static final long MODE_NXE = 1L << 5;
  static final int PKRU_SHIFT = 6;

  private static final int PAGE_RW = 1;
  private static final int PAGE_US = 2;
  private static final int PAGE_X = 4;
  private static final int PAGE_KINDS = 8;
  private static final int PKEYS = 16;

  /** For each mode without NXE and PKRU, see {@link #allowed}. */
  private static final int[] ALLOWED = tabulate();

  // All four belong to the thread that runs the CPU.
  private int allowed; // bit (access * 8 + page kind) is set when the access is allowed
  private int pkeysUnreadable; // bit k is set when pages of protection key k must not be read
  private int pkeysUnwritable;
  private long mode;

  void set(long newMode) {
    mode = newMode;
    allowed = ALLOWED[(int) newMode & ALLOWED.length - 1];
    int pkru = (int) (newMode >>> PKRU_SHIFT);
    pkeysUnreadable = 0;
    pkeysUnwritable = 0;
    if (pkru != 0) {
      setPkeys(pkru, (newMode & (MODE_USER | MODE_WP)) != 0);
    }
  }

  /** PKRU, two bits a key: access-disable, write-disable (SDM vol 3, 4.6.2). */
  private void setPkeys(int pkru, boolean writeDisableCounts) {
    for (int key = 0; key < PKEYS; key++) {
      boolean accessDisable = (pkru >>> (2 * key) & 1) != 0;
      boolean writeDisable = (pkru >>> (2 * key + 1) & 1) != 0;
      if (accessDisable) {
        pkeysUnreadable |= 1 << key;
      }
      if (accessDisable || (writeDisable && writeDisableCounts)) {
        pkeysUnwritable |= 1 << key;
      }
    }
  }

  private static int[] tabulate() {
    int[] table = new int[(int) MODE_NXE];
    for (int mode = 0; mode < table.length; mode++) {
      for (int page = 0; page < PAGE_KINDS; page++) {
        table[mode] |= bit(mayRead(mode, page), Access.READ, page);
        table[mode] |= bit(mayWrite(mode, page), Access.WRITE, page);
        table[mode] |= bit(mayFetch(mode, page), Access.FETCH, page);
      }
    }
    return table;
  }

  private static int bit(boolean granted, int access, int page) {
    return granted ? 1 << (access * PAGE_KINDS + page) : 0;
  }

  private static boolean mayRead(long mode, int page) {
    boolean userPage = (page & PAGE_US) != 0;
    boolean smapStops = (mode & (MODE_SMAP | MODE_AC)) == MODE_SMAP;
    return (mode & MODE_USER) != 0 ? userPage : !(userPage && smapStops);
  }

  private static boolean mayWrite(long mode, int page) {
    boolean readOnlyCounts = (mode & (MODE_USER | MODE_WP)) != 0;
    return mayRead(mode, page) && ((page & PAGE_RW) != 0 || !readOnlyCounts);
  }

  private static boolean mayFetch(long mode, int page) {
    boolean userPage = (page & PAGE_US) != 0;
    boolean smepStops = (mode & MODE_SMEP) != 0;
    boolean levelAllows = (mode & MODE_USER) != 0 ? userPage : !(userPage && smepStops);
    return levelAllows && (page & PAGE_X) != 0;
  }

  /**
   * Whether a page allows an access.
   *
   * @param page RW, US and the protection key as in a page-table word, but bit 63 set when
   *     instructions may be fetched
   */
  boolean allows(long page, int access) {
    int kind = ((int) (page >>> 1) & (PAGE_RW | PAGE_US)) | (int) (page >>> 63) << 2;
    return (allowed >>> (access * PAGE_KINDS + kind) & 1) != 0 && !pkeyForbids(page, access);
  }

  private boolean pkeyForbids(long page, int access) {
    if (access == Access.FETCH || (page & PteBits.US) == 0) {
      return false;
    }
    int keys = access == Access.WRITE ? pkeysUnwritable : pkeysUnreadable;
    return (keys >>> PteBits.pkey(page) & 1) != 0;
  }

  /** Error code of an access stopped before the last level, without P and RSVD. */
  int faultCode(int access) {
    int user = (mode & MODE_USER) != 0 ? PageFaultCode.USER : 0;
    return switch (access) {
      case Access.WRITE -> user | PageFaultCode.WRITE;
      // I/D is reported only where a permission can tell fetches apart (SDM vol 3, 4.7).
      case Access.FETCH -> (mode & (MODE_NXE | MODE_SMEP)) != 0 ? user | PageFaultCode.FETCH : user;
      default -> user;
    };
  }

  /** Error code of an access that {@link #allows} refused; both reasons are reported. */
  int protectionCode(long page, int access) {
    return faultCode(access)
        | PageFaultCode.PROTECTION
        | (pkeyForbids(page, access) ? PageFaultCode.PKEY : 0);
  }
}
