package org.jmmu.hw;

import java.util.Arrays;
import org.jmmu.phys.Mem;
import org.jmmu.sched.Deadline;
import org.jmmu.sched.PausePoint;
import org.jspecify.annotations.Nullable;

/**
 * Memory Protection Extensions: the bounds registers of a CPU and the instructions that make,
 * check, store and load bounds (Intel SDM vol 1, chapter 17, and vol 2).
 *
 * <p>Upper bounds are kept complemented, so that a register of zeroes allows everything. BNDLDX and
 * BNDSTX find their table through the directory in user memory, by ordinary user accesses: these
 * fault, set accessed and dirty bits, and are shot down. Both accesses of one instruction are in
 * one access section: a shootdown comes before the instruction or after it, never between them.
 *
 * <p>Does nothing unless BNDCFGU, or BNDCFGS at CPL 0, enables it. Belongs to the thread that runs
 * the CPU, as the CPU does.
 */
public final class BoundsUnit {
  public static final int REGISTERS = 4;

  /** Bits of BNDCFGU and BNDCFGS. */
  public static final long BNDCFG_ENABLE = 1;

  /** Branches leave the bounds registers alone. */
  public static final long BNDCFG_PRESERVE = 2;

  private static final long BNDCFG_BASE = -1L << 12;
  private static final long BNDCFG_KNOWN = BNDCFG_BASE | BNDCFG_PRESERVE | BNDCFG_ENABLE;

  /** Causes of #BR, in bits 1:0 of BNDSTATUS; zero: the BOUND instruction. */
  public static final int CAUSE_BOUND = 0;

  public static final int CAUSE_VIOLATION = 1;
  public static final int CAUSE_INVALID_ENTRY = 2;
  private static final long STATUS_CAUSE = 3;

  private static final int NO_REGISTER = -1;
  private static final int LOWER = 0;
  private static final int UPPER = 1; // complemented
  private static final int POINTER = 2;

  private final Cpu cpu;
  private final Mmu mmu;
  private final long[] lower = new long[REGISTERS];
  private final long[] upper = new long[REGISTERS]; // complemented
  private final long[] entryAddr = new long[POINTER + 1]; // of the words of a table entry
  private long bndcfgu;
  private long bndcfgs;
  private long bndstatus;
  private BoundsGeometry geometry = BoundsGeometry.BITS_64;
  private @Nullable BoundRangeHandler handler;

  BoundsUnit(Cpu cpu) {
    this.cpu = cpu;
    this.mmu = cpu.mmu;
  }

  public void setHandler(BoundRangeHandler handler) {
    this.handler = handler;
  }

  // Registers.

  /** As XRSTOR of the initial state: off, and bounds that allow everything. */
  public void init() {
    bndcfgu = 0;
    bndcfgs = 0;
    bndstatus = 0;
    geometry = BoundsGeometry.BITS_64;
    initBounds();
  }

  /** Whether the CPU runs 64-bit code or 32-bit code, whose pointers and tables are smaller. */
  public void setGeometry(BoundsGeometry geometry) {
    this.geometry = geometry;
  }

  public BoundsGeometry geometry() {
    return geometry;
  }

  public long bndcfgu() {
    return bndcfgu;
  }

  /** Address of the directory that BNDCFGU names. */
  public long directory() {
    return bndcfgu & BNDCFG_BASE;
  }

  public long bndstatus() {
    return bndstatus;
  }

  /** The cause of the last #BR. */
  public int cause() {
    return (int) (bndstatus & STATUS_CAUSE);
  }

  /** For {@link #CAUSE_INVALID_ENTRY}: address of the directory entry. */
  public long entryVaddr() {
    return bndstatus & ~STATUS_CAUSE;
  }

  /** As XRSTOR does: refuses a directory that is not canonical, and unknown bits. */
  public void writeBndcfgu(long value) {
    bndcfgu = checkedConfig("BNDCFGU", value);
  }

  /** As WRMSR does. */
  public void writeBndcfgs(long value) {
    bndcfgs = checkedConfig("BNDCFGS", value);
  }

  /** As XRSTOR does. */
  public void writeBndstatus(long value) {
    bndstatus = value;
  }

  private static long checkedConfig(String register, long value) {
    if ((value & ~BNDCFG_KNOWN) != 0 || !PteBits.isCanonical(value & BNDCFG_BASE)) {
      throw new GeneralProtectionException("%s cannot hold 0x%x".formatted(register, value));
    }
    return value;
  }

  public long lower(int bnd) {
    return lower[bnd];
  }

  /** Highest address within the bounds. */
  public long upper(int bnd) {
    return ~upper[bnd] & addressMask();
  }

  // Instructions without a table.

  /** Bounds of {@code lower} to {@code upper}, both included. */
  public void bndmk(int bnd, long lower, long upper) {
    if (isEnabled()) {
      set(bnd, lower & addressMask(), ~upper & addressMask());
    }
  }

  /** BNDMOV between registers. */
  public void bndmov(int to, int from) {
    if (isEnabled()) {
      set(to, lower[from], upper[from]);
    }
  }

  /** BNDMOV from memory. */
  public void bndmovLoad(int bnd, long vaddr) {
    if (isEnabled()) {
      long low = loadWord(vaddr);
      set(bnd, low, loadWord(vaddr + geometry.wordBytes()));
    }
  }

  /** BNDMOV to memory. */
  public void bndmovStore(long vaddr, int bnd) {
    if (isEnabled()) {
      storeWord(vaddr, lower[bnd]);
      storeWord(vaddr + geometry.wordBytes(), upper[bnd]);
    }
  }

  /** #BR if {@code vaddr} lies below the bounds. */
  public void bndcl(int bnd, long vaddr) {
    check(bnd, vaddr, Long.compareUnsigned(vaddr & addressMask(), lower[bnd]) < 0);
  }

  /** #BR if {@code vaddr} lies above the bounds. */
  public void bndcu(int bnd, long vaddr) {
    check(bnd, vaddr, Long.compareUnsigned(vaddr & addressMask(), upper(bnd)) > 0);
  }

  /** As {@link #bndcu} for an upper bound that is not complemented. */
  public void bndcn(int bnd, long vaddr) {
    check(bnd, vaddr, Long.compareUnsigned(vaddr & addressMask(), upper[bnd]) > 0);
  }

  /** BOUND, which is older than the registers: #BR if {@code index} is outside its two limits. */
  public void bound(int index, int lowest, int highest) {
    if (index < lowest || index > highest) {
      raise(CAUSE_BOUND, NO_REGISTER, 0);
    }
  }

  /** A near branch, call or return; without the BND prefix it initialises the registers. */
  public void branch(boolean hasBndPrefix) {
    if (isEnabled() && !hasBndPrefix && (config() & BNDCFG_PRESERVE) == 0) {
      initBounds();
    }
  }

  // Instructions that walk directory and table.

  /** Stores the bounds of {@code pointer}, which is kept at {@code vaddr}. */
  public void bndstx(int bnd, long vaddr, long pointer) {
    if (isEnabled()) {
      open(vaddr, Access.WRITE);
      storeEntryWord(LOWER, lower[bnd]);
      storeEntryWord(UPPER, upper[bnd]);
      storeEntryWord(POINTER, pointer & addressMask());
      mmu.close();
    }
  }

  /**
   * Loads the bounds of {@code pointer}, which is kept at {@code vaddr}: those that were stored
   * with it, or, if the last were stored with another pointer, bounds that allow everything.
   */
  public void bndldx(int bnd, long vaddr, long pointer) {
    if (isEnabled()) {
      open(vaddr, Access.READ);
      long low = loadEntryWord(LOWER);
      long high = loadEntryWord(UPPER);
      boolean stored = loadEntryWord(POINTER) == (pointer & addressMask());
      mmu.close();
      set(bnd, stored ? low : 0, stored ? high : 0);
    }
  }

  /** Leaves the access section open, with the words of the table entry translated. */
  private void open(long vaddr, int access) {
    long directory = config() & BNDCFG_BASE & addressMask();
    long directoryEntry = directory + geometry.directoryOffset(vaddr);
    Mmu.checkCanonical(directoryEntry);
    Deadline deadline = null;
    for (int tries = 1; ; tries++) {
      boolean invalid = false;
      if (mmu.enter()) {
        long addr = mmu.translate(directoryEntry, Access.READ);
        if (addr != 0) {
          long entry = loadAt(addr);
          PausePoint.reach("bounds.directoryRead");
          invalid = !BoundsGeometry.isValid(entry);
          if (!invalid && translateEntry(geometry.tableAddr(entry), vaddr, access)) {
            return;
          }
        }
        mmu.close();
      }
      if (invalid) {
        raise(directoryEntry | CAUSE_INVALID_ENTRY, NO_REGISTER, 0);
      } else {
        mmu.recover(cpu);
      }
      deadline = mmu.again(vaddr, tries, deadline);
    }
  }

  private boolean translateEntry(long table, long vaddr, int access) {
    long entry = table + geometry.tableOffset(vaddr);
    for (int word = LOWER; word <= POINTER; word++) {
      long at = entry + (long) word * geometry.wordBytes();
      if (!PteBits.isCanonical(at)) {
        mmu.close();
        throw GeneralProtectionException.nonCanonical(at);
      }
      entryAddr[word] = mmu.translate(at, access);
      if (entryAddr[word] == 0) {
        return false;
      }
    }
    return true;
  }

  private long loadAt(long addr) {
    return geometry == BoundsGeometry.BITS_64
        ? Mem.longGetAcquire(addr)
        : Integer.toUnsignedLong(Mem.intGetAcquire(addr));
  }

  private long loadEntryWord(int word) {
    return loadAt(entryAddr[word]);
  }

  private void storeEntryWord(int word, long value) {
    if (geometry == BoundsGeometry.BITS_64) {
      Mem.longSetRelease(entryAddr[word], value);
    } else {
      Mem.intSetRelease(entryAddr[word], (int) value);
    }
  }

  private long loadWord(long vaddr) {
    return geometry == BoundsGeometry.BITS_64
        ? cpu.loadLong(vaddr)
        : Integer.toUnsignedLong(cpu.loadInt(vaddr));
  }

  private void storeWord(long vaddr, long value) {
    if (geometry == BoundsGeometry.BITS_64) {
      cpu.storeLong(vaddr, value);
    } else {
      cpu.storeInt(vaddr, (int) value);
    }
  }

  private void check(int bnd, long vaddr, boolean outside) {
    if (isEnabled() && outside) {
      raise(CAUSE_VIOLATION, bnd, vaddr);
    }
  }

  private void raise(long status, int bnd, long vaddr) {
    bndstatus = status;
    BoundRangeHandler kernel = handler;
    if (kernel == null) {
      throw new BoundRangeException(status);
    }
    kernel.boundRange(cpu, this, bnd, vaddr);
  }

  private boolean isEnabled() {
    return (config() & BNDCFG_ENABLE) != 0;
  }

  private long config() {
    return cpu.cpl() == 3 ? bndcfgu : bndcfgs;
  }

  private long addressMask() {
    return geometry == BoundsGeometry.BITS_64 ? -1 : 0xffff_ffffL;
  }

  private void initBounds() {
    Arrays.fill(lower, 0);
    Arrays.fill(upper, 0);
  }

  private void set(int bnd, long low, long complementedHigh) {
    lower[bnd] = low;
    upper[bnd] = complementedHigh;
  }
}
