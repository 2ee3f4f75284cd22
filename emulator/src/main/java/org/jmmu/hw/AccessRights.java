package org.jmmu.hw;

import org.jmmu.phys.CacheLines;

/**
 * Who may do what to which page, for the present mode of one CPU (SDM vol 3, 4.6): CPL, CR0.WP,
 * CR4.SMEP, SMAP and PKE, RFLAGS.AC and PKRU boiled down to two words of bits, so that a walk asks
 * by shifting.
 *
 * <p>A page is described by a word with RW and US, which every level of its walk must grant, NX,
 * which any level may set, and the protection key of its leaf, each where a page-table entry has
 * it.
 */
final class AccessRights extends CacheLines {
  // A mode is one word: these bits, and PKRU above them if protection keys are on.
  static final long MODE_USER = 1L;
  static final long MODE_AC = 1L << 1;
  static final long MODE_WP = 1L << 2;
  static final long MODE_SMEP = 1L << 3;
  static final long MODE_SMAP = 1L << 4;
  static final long MODE_NXE = 1L << 5;
  static final int PKRU_SHIFT = 6;

  // The kind of a page: its word rotated by one, which brings NX beside RW and US.
  private static final int KIND_NX = 1;
  private static final int KIND_RW = 1 << 2;
  private static final int KIND_US = 1 << 3;
  private static final int KIND_BITS = KIND_NX | KIND_RW | KIND_US;

  private static final int PER_ACCESS = 16; // kinds, and protection keys
  private static final int US_SHIFT = 2;

  /** For each mode without NXE and PKRU, see {@link #allowed}. */
  private static final long[] ALLOWED = tabulate();

  // All belong to the thread that runs the CPU.
  private long allowed; // bit (16 * access + kind): pages of this kind allow the access
  private long pkeysDenied; // bit (16 * access + key): user pages with this key do not
  private long mode;

  void set(long newMode) {
    mode = newMode;
    allowed = ALLOWED[(int) newMode & ALLOWED.length - 1];
    int pkru = (int) (newMode >>> PKRU_SHIFT);
    pkeysDenied = pkru == 0 ? 0 : denied(pkru, (newMode & (MODE_USER | MODE_WP)) != 0);
  }

  /** PKRU, two bits a key: access-disable, write-disable; fetches pass (SDM vol 3, 4.6.2). */
  private static long denied(int pkru, boolean writeDisableCounts) {
    long denied = 0;
    for (int key = 0; key < PER_ACCESS; key++) {
      boolean accessDisable = (pkru >>> (2 * key) & 1) != 0;
      boolean writeDisable = (pkru >>> (2 * key + 1) & 1) != 0;
      denied |= bit(accessDisable, Access.READ, key);
      denied |= bit(accessDisable || (writeDisable && writeDisableCounts), Access.WRITE, key);
    }
    return denied;
  }

  private static long[] tabulate() {
    long[] table = new long[(int) MODE_NXE];
    for (int mode = 0; mode < table.length; mode++) {
      for (int kind = 0; kind <= KIND_BITS; kind++) {
        table[mode] |= bit(mayRead(mode, kind), Access.READ, kind);
        table[mode] |= bit(mayWrite(mode, kind), Access.WRITE, kind);
        table[mode] |= bit(mayFetch(mode, kind), Access.FETCH, kind);
      }
    }
    return table;
  }

  private static long bit(boolean set, int access, int kindOrKey) {
    return set ? 1L << (PER_ACCESS * access + kindOrKey) : 0;
  }

  private static boolean mayRead(long mode, int kind) {
    boolean userPage = (kind & KIND_US) != 0;
    boolean smapStops = (mode & (MODE_SMAP | MODE_AC)) == MODE_SMAP;
    return (mode & MODE_USER) != 0 ? userPage : !(userPage && smapStops);
  }

  private static boolean mayWrite(long mode, int kind) {
    boolean readOnlyCounts = (mode & (MODE_USER | MODE_WP)) != 0;
    return mayRead(mode, kind) && ((kind & KIND_RW) != 0 || !readOnlyCounts);
  }

  private static boolean mayFetch(long mode, int kind) {
    boolean userPage = (kind & KIND_US) != 0;
    boolean smepStops = (mode & MODE_SMEP) != 0;
    boolean levelAllows = (mode & MODE_USER) != 0 ? userPage : !(userPage && smepStops);
    return levelAllows && (kind & KIND_NX) == 0;
  }

  /** Whether a page allows an access. */
  boolean allows(long page, int access) {
    int kind = (int) Long.rotateLeft(page, 1) & KIND_BITS;
    long granted = allowed >>> (PER_ACCESS * access + kind);
    return (granted & ~deniedByPkey(page, access) & 1) != 0;
  }

  /** In bit 0; the other bits mean nothing. */
  private long deniedByPkey(long page, int access) {
    return pkeysDenied >>> (PER_ACCESS * access + PteBits.pkey(page)) & page >>> US_SHIFT;
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
        | ((deniedByPkey(page, access) & 1) != 0 ? PageFaultCode.PKEY : 0);
  }
}
