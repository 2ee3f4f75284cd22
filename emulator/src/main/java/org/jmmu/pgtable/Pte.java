package org.jmmu.pgtable;

import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.VmFlags;

/**
 * Kernel-side functions on the value of a page-table entry.
 *
 * @kernel arch/x86/include/asm/pgtable.h
 */
public final class Pte {
  private static final long PROT_MASK =
      PteBits.RW | PteBits.US | PteBits.NX | PteBits.P | PteBits.PKEY;

  /** Software bit 9: the frame has no mapcount, as for the zero page. */
  private static final long SPECIAL = 1L << 9;

  /** Software bit 10: a userfaultfd is to be told of writes. */
  private static final long UFFD_WP = 1L << 10;

  /** A PROT_NONE entry: not present for hardware, but it maps a page (bit 8 with P clear). */
  private static final long PROTNONE = PteBits.G;

  private Pte() {}

  /** Entry that links a lower table: user access and writing are decided by the leaf. */
  public static long table(long pfn) {
    return pfn << PhysMemory.PAGE_SHIFT
        | PteBits.P
        | PteBits.RW
        | PteBits.US
        | PteBits.A
        | PteBits.D;
  }

  /** Present entry, not accessed and not written yet, with {@code prot} from {@link #prot}. */
  public static long of(long pfn, long prot) {
    long address = (pfn << PhysMemory.PAGE_SHIFT) ^ inversion(prot);
    return (address & PteBits.ADDRESS) | prot;
  }

  /**
   * Protection bits of a mapping, its protection key included. Never writable: a private page
   * becomes writable only once it is known not to be shared, a page of a shared mapping only once
   * it is known to be dirty.
   *
   * @kernel mm/mmap.c:protection_map
   */
  public static long prot(long vmFlags) {
    long pkey = ((vmFlags & VmFlags.VM_PKEY) >>> VmFlags.VM_PKEY_SHIFT) << PteBits.PKEY_SHIFT;
    if ((vmFlags & VmFlags.VM_ACCESS_FLAGS) == 0) {
      return PROTNONE | pkey;
    }
    long nx = (vmFlags & VmFlags.VM_EXEC) == 0 ? PteBits.NX : 0;
    return PteBits.P | PteBits.US | nx | pkey;
  }

  /** Whether the entry maps a page, though perhaps with PROT_NONE. */
  public static boolean isPresent(long pteVal) {
    return (pteVal & (PteBits.P | PROTNONE)) != 0;
  }

  /** Whether a program can read there, on a CPU without protection keys. */
  public static boolean isUserReadable(long pteVal) {
    return (pteVal & (PteBits.P | PteBits.US)) == (PteBits.P | PteBits.US);
  }

  public static boolean isWrite(long pteVal) {
    return (pteVal & PteBits.RW) != 0;
  }

  public static boolean isYoung(long pteVal) {
    return (pteVal & PteBits.A) != 0;
  }

  public static boolean isDirty(long pteVal) {
    return (pteVal & PteBits.D) != 0;
  }

  public static boolean isSpecial(long pteVal) {
    return (pteVal & SPECIAL) != 0;
  }

  public static long mkSpecial(long pteVal) {
    return pteVal | SPECIAL;
  }

  /**
   * @kernel arch/x86/include/asm/pgtable.h:pte_uffd_wp
   */
  public static boolean isUffdWp(long pteVal) {
    return (pteVal & UFFD_WP) != 0;
  }

  /** Read-only, so that there is a fault to tell of. */
  public static long mkUffdWp(long pteVal) {
    return wrProtect(pteVal | UFFD_WP);
  }

  public static long clearUffdWp(long pteVal) {
    return pteVal & ~UFFD_WP;
  }

  /** The entry as one of the level above, for 2 MiB. */
  public static long mkHuge(long pteVal) {
    return pteVal | PteBits.PS;
  }

  public static long mkWrite(long pteVal) {
    return pteVal | PteBits.RW;
  }

  public static long wrProtect(long pteVal) {
    return pteVal & ~PteBits.RW;
  }

  public static long mkYoung(long pteVal) {
    return pteVal | PteBits.A;
  }

  public static long mkOld(long pteVal) {
    return pteVal & ~PteBits.A;
  }

  public static long mkClean(long pteVal) {
    return pteVal & ~PteBits.D;
  }

  public static long mkDirty(long pteVal) {
    return pteVal | PteBits.D;
  }

  /**
   * Grants write access, as if it had been written through already. No atomic OR: the caller holds
   * the ptl, and all that hardware can do to a read-only word meanwhile is to set A, which this
   * sets too.
   *
   * @param pteVal what the word is, but for A
   * @kernel arch/x86/mm/pgtable.c:ptep_set_access_flags
   */
  public static void setWriteDirty(long pteAddr, long pteVal) {
    Mem.longSetRelease(pteAddr, pteVal | PteBits.RW | PteBits.D | PteBits.A);
  }

  /**
   * Clears A in the live word; the caller holds its ptl.
   *
   * <p>Hardware writes to a word only to set A or D where the word lacks it, by a compare-and-set
   * against the word that allowed the access. It has nothing to add to one with A that is dirty or
   * not writable, and no software writes without the ptl: a store will do. To one that is young,
   * writable and clean it may be adding D at this moment, which a store would wipe out.
   */
  public static boolean testAndClearYoung(long pteAddr) {
    return testAndClearYoung(pteAddr, Mem.longGetOpaque(pteAddr));
  }

  /**
   * @param pteVal what the caller has read there, with the ptl held
   */
  public static boolean testAndClearYoung(long pteAddr, long pteVal) {
    if (!isYoung(pteVal)) {
      return false;
    }
    if ((pteVal & (PteBits.RW | PteBits.D)) != PteBits.RW) {
      Mem.longSetOpaque(pteAddr, mkOld(pteVal));
    } else {
      long _ = Mem.longGetAndAnd(pteAddr, ~PteBits.A);
    }
    return true;
  }

  /** Makes the live word old, and clean too if {@code clean}; atomically. */
  public static void mkOldIn(long pteAddr, boolean clean) {
    long _ = Mem.longGetAndAnd(pteAddr, clean ? ~(PteBits.A | PteBits.D) : ~PteBits.A);
  }

  /** Takes write access away in the live word, atomically; returns the value before. */
  public static long setWrProtect(long pteAddr) {
    return Mem.longGetAndAnd(pteAddr, ~PteBits.RW);
  }

  /** The entry with other protection; frame, A, D and software bits stay. */
  public static long modify(long pteVal, long prot) {
    long kept = pteVal & ~(PteBits.ADDRESS | PROT_MASK | PROTNONE);
    return of(pfn(pteVal), kept | prot);
  }

  public static long pfn(long pteVal) {
    return ((pteVal ^ inversion(pteVal)) & PteBits.ADDRESS) >>> PhysMemory.PAGE_SHIFT;
  }

  /**
   * The frame number of an entry without P is stored inverted (L1TF).
   *
   * @kernel arch/x86/include/asm/pgtable-invert.h:protnone_mask
   */
  private static long inversion(long pteVal) {
    return (pteVal & PteBits.P) == 0 ? PteBits.ADDRESS : 0;
  }
}
