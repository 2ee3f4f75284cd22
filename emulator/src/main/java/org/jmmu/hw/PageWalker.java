package org.jmmu.hw;

import static org.jmmu.hw.PteBits.A;
import static org.jmmu.hw.PteBits.ADDRESS;
import static org.jmmu.hw.PteBits.D;
import static org.jmmu.hw.PteBits.G;
import static org.jmmu.hw.PteBits.LEVEL_PGD;
import static org.jmmu.hw.PteBits.LEVEL_PMD;
import static org.jmmu.hw.PteBits.LEVEL_PTE;
import static org.jmmu.hw.PteBits.LEVEL_PUD;
import static org.jmmu.hw.PteBits.NX;
import static org.jmmu.hw.PteBits.P;
import static org.jmmu.hw.PteBits.PKEY;
import static org.jmmu.hw.PteBits.PS;
import static org.jmmu.hw.PteBits.RW;
import static org.jmmu.hw.PteBits.US;

import org.jmmu.phys.CacheLines;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.sched.Deadline;

/**
 * The page walk: 4-level paging in long mode (SDM vol 3, 4.5).
 *
 * <p>A walk reads one word per level and decides on that snapshot, because another CPU may change
 * the word at any time. Accessed and dirty bits are set at the end, from the top down, by CAS on
 * the words that were read: if one has changed meanwhile the walk starts over. A walk that faults
 * sets nothing.
 *
 * <p>The caller holds its CPU's access section, so that no table is freed under the walk.
 *
 * <p>No walk leaves the machine's memory: a table beyond it is a machine check. Whether the page
 * that the walk arrives at exists is for the caller to ask.
 */
public final class PageWalker extends CacheLines {
  private static final long INDEX_BYTES = 511L << 3;
  private static final long NATIVE_ADDRESS = (1L << 56) - 1;
  private static final int RESTARTS_PER_CLOCK = 1024;

  // What a walk returns. A translation has P set; anything else has it clear.
  private static final long CHANGED = 0;
  private static final long PAGE_FAULT = 1L << 1;
  private static final long MACHINE_CHECK = 1L << 2;
  private static final int FAULT_CODE_SHIFT = 32;
  static final int LEVEL_SHIFT = 9;

  private final AccessRights rights;
  private final long frames; // native address of physical address 0; immutable
  private final long bytes; // size of memory; immutable
  private final long reservedAddress; // immutable
  private final long reservedPgdOnly; // immutable

  // Bits that must be zero in every entry, and in PGD entries; they follow EFER.NXE.
  private long reserved;
  private long reservedInPgd;
  private long root;

  // Words above the leaf that the walk under way has read, for the bits that it sets at its end.
  private long pgdRead;
  private long pudRead;
  private long pmdRead;

  private long wildAddress;
  private long walks;

  PageWalker(PhysMemory phys, CpuModel model, AccessRights rights) {
    this.rights = rights;
    this.frames = phys.frameAddr(0);
    this.bytes = phys.nrFrames() << PhysMemory.PAGE_SHIFT;
    this.reservedAddress = model.reservedAddressBits();
    this.reservedPgdOnly = model.vendor() == CpuModel.Vendor.AMD ? PS | G : PS;
    setNoExecute(true);
  }

  /** Where walks start: bits 51:12 of CR3. */
  void setRoot(long paddr) {
    root = paddr;
  }

  /** EFER.NXE: while it is clear, bit 63 is reserved at every level. */
  void setNoExecute(boolean enabled) {
    reserved = reservedAddress | (enabled ? 0 : NX);
    reservedInPgd = reserved | reservedPgdOnly;
  }

  /**
   * Translates one canonical address for one access under the CPU's present mode.
   *
   * @param access {@link Access}
   * @return if {@link #isTranslation}, a PTE as if all levels were one: the address of the 4-KiB
   *     page, RW, US and NX combined over the levels, A, D, G and the protection key of the leaf,
   *     and in bits 10:9 the leaf's level minus one; otherwise a reason for {@link #isPageFault},
   *     {@link #faultCode} and {@link #wildAddress}
   */
  public long walk(long vaddr, int access) {
    walks++;
    long result = walkOnce(vaddr, access);
    return result != CHANGED ? result : walkAgain(vaddr, access);
  }

  /** Every restart means that some other CPU got its change through. */
  private long walkAgain(long vaddr, int access) {
    Deadline deadline = Deadline.start();
    for (int restarts = 1; ; restarts++) {
      long result = walkOnce(vaddr, access);
      if (result != CHANGED) {
        return result;
      }
      if (restarts % RESTARTS_PER_CLOCK == 0 && deadline.hasPassed()) {
        throw new NoProgressException(
            "page tables for 0x%x changed under %d walks".formatted(vaddr, restarts));
      }
    }
  }

  /** Written out level by level, and short enough that the JIT inlines it into the access path. */
  private long walkOnce(long vaddr, int access) {
    // The mask changes nothing; it tells the JIT that no sum below can leave native memory.
    long memory = frames & NATIVE_ADDRESS;
    long limit = bytes;
    long checked = P | reserved;

    long table = root;
    if (table >= limit) {
      return wild(table);
    }
    long pgd = entry(memory + table, vaddr, LEVEL_PGD);
    if ((pgd & (P | reservedInPgd)) != P) {
      return stopped(pgd, access);
    }

    table = pgd & ADDRESS;
    if (table >= limit) {
      return wild(table);
    }
    long pud = entry(memory + table, vaddr, LEVEL_PUD);
    if ((pud & checked) != P) {
      return stopped(pud, access);
    }

    pgdRead = pgd;
    pudRead = pud;
    long all = pgd & pud; // RW, US and A must be set at every level
    long any = pgd | pud; // NX counts at any level
    long leaf = pud;
    int level = LEVEL_PUD;
    if ((pud & PS) == 0) {
      table = pud & ADDRESS;
      if (table >= limit) {
        return wild(table);
      }
      long pmd = entry(memory + table, vaddr, LEVEL_PMD);
      if ((pmd & checked) != P) {
        return stopped(pmd, access);
      }
      pmdRead = pmd;
      all &= pmd;
      any |= pmd;
      leaf = pmd;
      level = LEVEL_PMD;
      if ((pmd & PS) == 0) {
        table = pmd & ADDRESS;
        if (table >= limit) {
          return wild(table);
        }
        leaf = entry(memory + table, vaddr, LEVEL_PTE);
        if ((leaf & checked) != P) {
          return stopped(leaf, access);
        }
        all &= leaf;
        any |= leaf;
        level = LEVEL_PTE;
      }
    }
    long inLeaf = PteBits.size(level) - 1 & ADDRESS;
    if ((leaf & inLeaf & ~PteBits.PAT_LARGE) != 0) {
      return stopped(leaf, access);
    }

    long page = (all & (RW | US)) | (any & NX) | (leaf & PKEY);
    if (!rights.allows(page, access)) {
      return pageFault(rights.protectionCode(page, access));
    }
    long leafBits = access == Access.WRITE ? A | D : A;
    if ((all & A) == 0 || (leaf & leafBits) != leafBits) {
      if (!setBits(vaddr, level, leaf, leafBits)) {
        return CHANGED;
      }
      leaf |= leafBits;
    }
    long kept = (ADDRESS & ~inLeaf) | P | A | D | G | PKEY;
    return (leaf & kept)
        | (all & (RW | US))
        | (any & NX)
        | (vaddr & inLeaf)
        | (long) (level - 1) << LEVEL_SHIFT;
  }

  /** Acquire: what was written to a table before it was linked must be seen. */
  private static long entry(long table, long vaddr, int level) {
    return Mem.longGetAcquire(table + (vaddr >>> (PteBits.shift(level) - 3) & INDEX_BYTES));
  }

  /**
   * Sets the accessed bit on the way down and {@code leafBits} in the leaf, each by CAS on the word
   * that the walk has read; false if one of them is no longer that word.
   */
  private boolean setBits(long vaddr, int level, long leaf, long leafBits) {
    long leafTable = level == LEVEL_PTE ? pmdRead : level == LEVEL_PMD ? pudRead : pgdRead;
    return setBits(root, vaddr, LEVEL_PGD, pgdRead, A)
        && (level == LEVEL_PUD || setBits(pgdRead, vaddr, LEVEL_PUD, pudRead, A))
        && (level >= LEVEL_PMD || setBits(pudRead, vaddr, LEVEL_PMD, pmdRead, A))
        && setBits(leafTable, vaddr, level, leaf, leafBits);
  }

  private boolean setBits(long link, long vaddr, int level, long word, long bits) {
    long addr = frames + (link & ADDRESS) + (vaddr >>> (PteBits.shift(level) - 3) & INDEX_BYTES);
    return (word & bits) == bits || Mem.longCas(addr, word, word | bits);
  }

  /** An entry that ends the walk: not present, or present with a reserved bit set. */
  private long stopped(long word, int access) {
    int code = rights.faultCode(access);
    if ((word & P) != 0) {
      code |= PageFaultCode.PROTECTION | PageFaultCode.RESERVED;
    }
    return pageFault(code);
  }

  private static long pageFault(int code) {
    return (long) code << FAULT_CODE_SHIFT | PAGE_FAULT;
  }

  private long wild(long paddr) {
    wildAddress = paddr;
    return MACHINE_CHECK;
  }

  public static boolean isTranslation(long result) {
    return (result & P) != 0;
  }

  public static boolean isPageFault(long result) {
    return (result & (P | PAGE_FAULT)) == PAGE_FAULT;
  }

  /** {@link PageFaultCode} of a walk that ended in a page fault. */
  public static int faultCode(long result) {
    return (int) (result >>> FAULT_CODE_SHIFT);
  }

  /** Level of the leaf of a translation: {@link PteBits#LEVEL_PTE} to {@code LEVEL_PUD}. */
  public static int level(long translation) {
    return (int) (translation >>> LEVEL_SHIFT & 3) + 1;
  }

  /** Where the table lies that the last machine check was about. */
  long wildAddress() {
    return wildAddress;
  }

  long walks() {
    return walks;
  }
}
