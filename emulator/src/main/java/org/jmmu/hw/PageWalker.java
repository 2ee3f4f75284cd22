package org.jmmu.hw;

import static org.jmmu.hw.PteBits.A;
import static org.jmmu.hw.PteBits.ADDRESS;
import static org.jmmu.hw.PteBits.D;
import static org.jmmu.hw.PteBits.G;
import static org.jmmu.hw.PteBits.LEVEL_PMD;
import static org.jmmu.hw.PteBits.LEVEL_PTE;
import static org.jmmu.hw.PteBits.LEVEL_PUD;
import static org.jmmu.hw.PteBits.NX;
import static org.jmmu.hw.PteBits.P;
import static org.jmmu.hw.PteBits.PKEY;
import static org.jmmu.hw.PteBits.PS;
import static org.jmmu.hw.PteBits.RW;
import static org.jmmu.hw.PteBits.US;

import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;

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
public final class PageWalker {
  private static final long INDEX_BYTES = 511L << 3;
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
  private final long reservedPgdBits; // immutable

  // Bits that must be zero, per level; follow EFER.NXE.
  private long reservedPgd;
  private long reservedPud;
  private long reservedHuge;
  private long reservedPmd;
  private long reservedLarge;
  private long reservedPte;

  private long root;
  private long wildAddress;
  private long walks;

  PageWalker(PhysMemory phys, CpuModel model, AccessRights rights) {
    this.rights = rights;
    this.frames = phys.frameAddr(0);
    this.bytes = phys.nrFrames() << PhysMemory.PAGE_SHIFT;
    this.reservedAddress = model.reservedAddressBits();
    this.reservedPgdBits = model.vendor() == CpuModel.Vendor.AMD ? PS | G : PS;
    setNoExecute(true);
  }

  /** Where walks start: bits 51:12 of CR3. */
  void setRoot(long paddr) {
    root = paddr;
  }

  /** EFER.NXE: while it is clear, bit 63 is reserved at every level. */
  void setNoExecute(boolean enabled) {
    long reserved = reservedAddress | (enabled ? 0 : NX);
    reservedPgd = reserved | reservedPgdBits;
    reservedPud = reserved;
    reservedHuge = reserved | lowAddressBits(LEVEL_PUD);
    reservedPmd = reserved;
    reservedLarge = reserved | lowAddressBits(LEVEL_PMD);
    reservedPte = reserved;
  }

  /** Address bits that a large leaf leaves to the offset, without bit 12, which is PAT. */
  private static long lowAddressBits(int level) {
    return PteBits.size(level) - 1 & ADDRESS & ~PteBits.PAT_LARGE;
  }

  /**
   * Translates one canonical address for one access under the CPU's present mode.
   *
   * @param access {@link Access}
   * @return if {@link #isTranslation}, a PTE as if all levels were one: the address of the 4-KiB
   *     page, RW, US and NX combined over the levels, A, D, G and the protection key of the leaf,
   *     PS for a large page, and in bits 10:9 the leaf's level minus one; otherwise a reason for
   *     {@link #isPageFault}, {@link #faultCode} and {@link #wildAddress}
   */
  public long walk(long vaddr, int access) {
    walks++;
    long result = walkOnce(vaddr, access);
    return result != CHANGED ? result : walkAgain(vaddr, access);
  }

  /** Every restart means that some other CPU got its change through. */
  private long walkAgain(long vaddr, int access) {
    long deadline = Deadline.start();
    for (int restarts = 1; ; restarts++) {
      long result = walkOnce(vaddr, access);
      if (result != CHANGED) {
        return result;
      }
      if (restarts % RESTARTS_PER_CLOCK == 0 && Deadline.passed(deadline)) {
        throw new NoProgressException(
            "page tables for 0x%x changed under %d walks".formatted(vaddr, restarts));
      }
    }
  }

  private long walkOnce(long vaddr, int access) {
    long memory = frames;
    long limit = bytes;
    long table = root;
    if (table >= limit) {
      return wild(table);
    }
    long pgdAddr = memory + table + (vaddr >>> (39 - 3) & INDEX_BYTES);
    long pgd = Mem.longGetAcquire(pgdAddr);
    if ((pgd & (P | reservedPgd)) != P) {
      return stopped(pgd, reservedPgd, access);
    }

    table = pgd & ADDRESS;
    if (table >= limit) {
      return wild(table);
    }
    long pudAddr = memory + table + (vaddr >>> (30 - 3) & INDEX_BYTES);
    long pud = Mem.longGetAcquire(pudAddr);
    if ((pud & (P | reservedPud)) != P) {
      return stopped(pud, reservedPud, access);
    }
    // Bit 63 turned round, so that "executable" is granted by AND like RW and US.
    long grant = (pgd ^ NX) & (pud ^ NX);
    if ((pud & PS) != 0) {
      if ((pud & reservedHuge) != 0) {
        return stopped(pud, reservedHuge, access);
      }
      return leaf(vaddr, access, grant, pud, LEVEL_PUD, pudAddr, pgdAddr, pgd, 0, 0, 0, 0);
    }

    table = pud & ADDRESS;
    if (table >= limit) {
      return wild(table);
    }
    long pmdAddr = memory + table + (vaddr >>> (21 - 3) & INDEX_BYTES);
    long pmd = Mem.longGetAcquire(pmdAddr);
    if ((pmd & (P | reservedPmd)) != P) {
      return stopped(pmd, reservedPmd, access);
    }
    grant &= pmd ^ NX;
    if ((pmd & PS) != 0) {
      if ((pmd & reservedLarge) != 0) {
        return stopped(pmd, reservedLarge, access);
      }
      return leaf(vaddr, access, grant, pmd, LEVEL_PMD, pmdAddr, pgdAddr, pgd, pudAddr, pud, 0, 0);
    }

    table = pmd & ADDRESS;
    if (table >= limit) {
      return wild(table);
    }
    long pteAddr = memory + table + (vaddr >>> (12 - 3) & INDEX_BYTES);
    long pte = Mem.longGetAcquire(pteAddr);
    if ((pte & (P | reservedPte)) != P) {
      return stopped(pte, reservedPte, access);
    }
    grant &= pte ^ NX;
    return leaf(
        vaddr, access, grant, pte, LEVEL_PTE, pteAddr, pgdAddr, pgd, pudAddr, pud, pmdAddr, pmd);
  }

  /** The walk has reached a leaf: rights first, then accessed and dirty bits, then the result. */
  private long leaf(
      long vaddr,
      int access,
      long grant,
      long leaf,
      int level,
      long leafAddr,
      long pgdAddr,
      long pgd,
      long pudAddr,
      long pud,
      long pmdAddr,
      long pmd) {
    long page = (grant & (RW | US | NX)) | (leaf & PKEY);
    if (!rights.allows(page, access)) {
      return pageFault(rights.protectionCode(page, access));
    }
    long leafBits = access == Access.WRITE ? A | D : A;
    if ((grant & A) == 0 || (leaf & leafBits) != leafBits) {
      if (!setAccessed(pgdAddr, pgd)
          || !setAccessed(pudAddr, pud)
          || !setAccessed(pmdAddr, pmd)
          || !setBits(leafAddr, leaf, leafBits)) {
        return CHANGED;
      }
      leaf |= leafBits;
    }
    long inLeaf = (PteBits.size(level) - 1) & ADDRESS;
    return (leaf & ADDRESS & ~inLeaf)
        | (vaddr & inLeaf)
        | ((page ^ NX) & (RW | US | NX | PKEY))
        | (leaf & (A | D | G))
        | (level == LEVEL_PTE ? 0 : PS)
        | (long) (level - 1) << LEVEL_SHIFT
        | P;
  }

  private static boolean setAccessed(long addr, long word) {
    return addr == 0 || setBits(addr, word, A);
  }

  private static boolean setBits(long addr, long word, long bits) {
    return (word & bits) == bits || Mem.longCas(addr, word, word | bits);
  }

  /** An entry that ends the walk: not present, or present with a reserved bit set. */
  private long stopped(long word, long reserved, int access) {
    int code = rights.faultCode(access);
    if ((word & P) != 0) {
      assert (word & reserved) != 0;
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
