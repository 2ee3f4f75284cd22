package org.jmmu.mm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;
import static org.jmmu.types.VmFlags.VM_UFFD_WP;

import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.Mem;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jmmu.uffd.UserfaultfdCtx;

/**
 * Lets writes to pages be faults that a userfaultfd is told of, or no longer. Where no page is,
 * nothing is remembered.
 *
 * @kernel mm/userfaultfd.c:mwriteprotect_range
 */
final class UffdWriteProtect {
  /** What becomes of the entries. */
  enum Change {
    PROTECT,
    RESOLVE
  }

  private final PageTables tables;
  private final TlbFlush tlbFlush;

  UffdWriteProtect(PageTables tables, TlbFlush tlbFlush) {
    this.tables = tables;
    this.tlbFlush = tlbFlush;
  }

  /**
   * @throws ErrnoException ENOENT where no VMA is registered for it; what lies before is done
   */
  void writeProtect(UserfaultfdCtx ctx, long start, long length, Change change) {
    Mm mm = ctx.mm;
    long end = start + length;
    mm.mmapLock.readLock();
    try {
      Vma vma = mm.vmas.find(start);
      if (vma == null || vma.vmStartGetOpaque() >= end) {
        throw notRegistered(start);
      }
      for (; vma != null && vma.vmStartGetOpaque() < end; vma = mm.vmas.next(vma)) {
        if ((vma.vmFlagsGetOpaque() & VM_UFFD_WP) == 0) {
          throw notRegistered(vma.vmStartGetOpaque());
        }
        long from = Math.max(start, vma.vmStartGetOpaque());
        range(vma, from, Math.min(end, vma.vmEndGetOpaque()), change);
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  private static ErrnoException notRegistered(long vaddr) {
    return new ErrnoException(Errno.ENOENT, "not registered at 0x" + Long.toHexString(vaddr));
  }

  /**
   * The caller holds mmap_lock; the range lies in {@code vma}.
   *
   * @kernel mm/userfaultfd.c:uffd_wp_range
   */
  void range(Vma vma, long start, long end, Change change) {
    Mm mm = vma.mm;
    boolean changed = false;
    for (long at = start; at < end; ) {
      long next = PageTables.pmdAddrEnd(at, end);
      long pteAddr = tables.pteOffset(mm, at);
      if (pteAddr != PageTables.NONE) {
        tables.lock(pteAddr);
        changed |= entries(pteAddr, (next - at) / PAGE_SIZE, change == Change.PROTECT);
        tables.unlock(pteAddr);
      }
      at = next;
    }
    if (changed) {
      tlbFlush.range(mm, start, end);
    }
  }

  /** Whether a present entry changed, so that TLBs may hold the old one. */
  private static boolean entries(long firstPteAddr, long nr, boolean protect) {
    boolean changed = false;
    for (long pteAddr = firstPteAddr; pteAddr < firstPteAddr + nr * Long.BYTES; pteAddr += 8) {
      long pteVal = Mem.longGetOpaque(pteAddr);
      if (pteVal == 0) {
        continue;
      }
      if (Pte.isPresent(pteVal)) {
        long old = Mem.longXchg(pteAddr, 0); // hardware may be setting A or D in it
        Mem.longSetRelease(pteAddr, protect ? Pte.mkUffdWp(old) : Pte.clearUffdWp(old));
        changed = true;
      } else {
        Mem.longSetRelease(
            pteAddr, protect ? SwapPte.mkUffdWp(pteVal) : SwapPte.clearUffdWp(pteVal));
      }
    }
    return changed;
  }
}
