package org.jmmu.proc;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * What of one VMA is in memory, in bytes.
 *
 * @kernel fs/proc/task_mmu.c:struct mem_size_stats, smaps_account
 */
final class MemSizeStats {
  /** Fractions of a byte that a share of a page may have, as a number of bits. */
  private static final int PSS_SHIFT = 12;

  long resident;
  long sharedClean;
  long sharedDirty;
  long privateClean;
  long privateDirty;
  long referenced;
  long anonymous;
  long ksm;
  long lazyFree;
  long swap;
  private long swapPss;
  private long pss;
  private long pssDirty;
  private long pssLocked;

  private final PhysMemory phys;
  private final Swapfile swapfile;
  private final boolean locked;

  private MemSizeStats(PhysMemory phys, Swapfile swapfile, Vma vma) {
    this.phys = phys;
    this.swapfile = swapfile;
    this.locked = (vma.vmFlagsGetOpaque() & VmFlags.VM_LOCKED) != 0;
  }

  /** The caller holds mmap_lock. */
  static MemSizeStats of(PhysMemory phys, PageTables tables, Swapfile swapfile, Vma vma) {
    MemSizeStats stats = new MemSizeStats(phys, swapfile, vma);
    PteRange.walk(
        tables,
        vma.mm,
        vma.vmStartGetOpaque(),
        vma.vmEndGetOpaque(),
        (vaddr, pteVal) -> stats.account(pteVal));
    return stats;
  }

  long pss() {
    return pss >> PSS_SHIFT;
  }

  long pssDirty() {
    return pssDirty >> PSS_SHIFT;
  }

  long pssLocked() {
    return pssLocked >> PSS_SHIFT;
  }

  long swapPss() {
    return swapPss >> PSS_SHIFT;
  }

  private void account(long pteVal) {
    if (Pte.isPresent(pteVal)) {
      if (!Pte.isSpecial(pteVal)) {
        accountPage(Pte.pfn(pteVal), Pte.isYoung(pteVal), Pte.isDirty(pteVal));
      }
    } else if (MigrationEntry.isMigrationEntry(pteVal)) {
      accountPage(MigrationEntry.pfn(pteVal), false, false);
    } else {
      swap += PAGE_SIZE;
      int sharers = Math.max(1, swapfile.count(SwapPte.toEntry(pteVal)));
      swapPss += (PAGE_SIZE << PSS_SHIFT) / sharers;
    }
  }

  private void accountPage(long pfn, boolean young, boolean pteDirty) {
    long flags = PageDesc.flagsGetAcquire(phys, pfn);
    boolean dirty = pteDirty || (flags & PageFlags.PG_DIRTY) != 0;
    int mapcount = Math.max(1, PageDesc.mapcountGetAcquire(phys, pfn));
    resident += PAGE_SIZE;
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    ksm += Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM ? PAGE_SIZE : 0;
    if ((mapping & PageFlags.PAGE_MAPPING_ANON) != 0) {
      anonymous += PAGE_SIZE;
      lazyFree += dirty || (flags & PageFlags.PG_SWAPBACKED) != 0 ? 0 : PAGE_SIZE;
    }
    if (young || (flags & PageFlags.PG_REFERENCED) != 0) {
      referenced += PAGE_SIZE;
    }
    long share = (PAGE_SIZE << PSS_SHIFT) / mapcount;
    pss += share;
    pssDirty += dirty ? share : 0;
    pssLocked += locked ? share : 0;
    if (mapcount > 1) {
      sharedDirty += dirty ? PAGE_SIZE : 0;
      sharedClean += dirty ? 0 : PAGE_SIZE;
    } else {
      privateDirty += dirty ? PAGE_SIZE : 0;
      privateClean += dirty ? 0 : PAGE_SIZE;
    }
  }
}
