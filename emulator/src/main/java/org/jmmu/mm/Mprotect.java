package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Changes the protection of a range, splitting and merging VMAs on the way.
 *
 * @kernel mm/mprotect.c:mprotect_fixup, change_pte_range
 */
public final class Mprotect {
  private final PageTables tables;
  private final TlbFlush tlbFlush;
  private final VmaMerge vmaMerge;

  public Mprotect(PageTables tables, TlbFlush tlbFlush, AnonVmas anonVmas) {
    this.tables = tables;
    this.tlbFlush = tlbFlush;
    this.vmaMerge = new VmaMerge(anonVmas);
  }

  /**
   * @throws ErrnoException EINVAL if unaligned; ENOMEM at the first hole, after what lies before it
   *     was changed
   */
  public void mprotect(Mm mm, long vaddr, long length, int prot) {
    Mman.checkAligned(vaddr);
    Mman.checkProt(prot);
    if (length == 0) {
      return;
    }
    long end = vaddr + Mman.pageAlign(length);
    if (end <= vaddr) {
      throw new ErrnoException(Errno.ENOMEM, "mprotect beyond the user address space");
    }
    mm.mmapLock.writeLock();
    try {
      protectLocked(mm, vaddr, end, prot);
    } finally {
      mm.mmapLock.writeUnlock();
    }
  }

  private void protectLocked(Mm mm, long start, long end, int prot) {
    long at = start;
    while (at < end) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() > at) {
        throw new ErrnoException(Errno.ENOMEM, "nothing mapped at 0x" + Long.toHexString(at));
      }
      long vmaEnd = Math.min(end, vma.vmEndGetOpaque());
      fixup(vma, at, vmaEnd, (vma.vmFlagsGetOpaque() & ~VmFlags.VM_ACCESS_FLAGS) | prot);
      at = vmaEnd;
    }
  }

  private void fixup(Vma vma, long start, long end, long flags) {
    if (flags == vma.vmFlagsGetOpaque()) {
      return;
    }
    Mm mm = vma.mm;
    Vma prev = start > vma.vmStartGetOpaque() ? vma : mm.vmas.prev(vma);
    Vma whole =
        vmaMerge.merge(
            mm, prev, start, end, flags, vma.anonVmaGetAcquire(), vma.linearPageIndex(start));
    if (whole == null) {
      if (start != vma.vmStartGetOpaque()) {
        vmaMerge.splitNewBelow(vma, start);
      }
      if (end != vma.vmEndGetOpaque()) {
        vmaMerge.splitNewAbove(vma, end);
      }
      whole = vma;
    }
    // Before the entries change: a fault or a migration that comes later uses the new flags.
    whole.vmFlagsSetOpaque(flags);
    changeProtection(mm, start, end, Pte.prot(flags));
  }

  private void changeProtection(Mm mm, long start, long end, long prot) {
    boolean changed = false;
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pteAddr = tables.pteOffset(mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        changed |= changeEntries(pteAddr, (next - at) / PAGE_SIZE, prot);
        tables.unlock(pteAddr);
      }
      at = next;
    }
    if (changed) {
      tlbFlush.range(mm, start, end);
    }
  }

  /** Whether a present entry changed, so that TLBs may hold the old protection. */
  private static boolean changeEntries(long firstPteAddr, long nr, long prot) {
    boolean changed = false;
    for (long pteAddr = firstPteAddr; pteAddr < firstPteAddr + nr * Long.BYTES; pteAddr += 8) {
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (pteVal == 0) {
        continue;
      }
      if (Pte.isPresent(pteVal)) {
        // Take the word out first: hardware may be setting A or D in it.
        long old = Mem.longXchg(pteAddr, 0);
        Mem.longSetRelease(pteAddr, Pte.modify(old, prot));
        changed = true;
      } else if (MigrationEntry.isMigrationEntry(pteVal) && MigrationEntry.isWritable(pteVal)) {
        Mem.longSetRelease(pteAddr, MigrationEntry.toReadableExclusive(pteVal));
      }
    }
    return changed;
  }
}
