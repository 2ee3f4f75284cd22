package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.BOUNDS_DIRECTORY;
import static org.jmmu.check.Violation.Invariant.NO_LOCK_HELD;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.hw.BoundsGeometry;
import org.jmmu.hw.PteBits;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * Looks at the bounds directories of address spaces whose tables the kernel manages: every valid
 * entry names a table, and no two entries the same. Pages of a directory that are not in memory are
 * not looked at.
 */
final class BoundsCensus {
  private static final long PMD_SIZE = PteBits.size(PteBits.LEVEL_PMD);

  private final PhysMemory phys;
  private final List<Violation> violations;

  BoundsCensus(PhysMemory phys, List<Violation> violations) {
    this.phys = phys;
    this.violations = violations;
  }

  void check(Mm mm) {
    if (mm.mpx.bdSem.isLocked()) {
      violations.add(new Violation(NO_LOCK_HELD, "bd_sem of the mm with pgd " + mm.pgdPfn));
    }
    if (!mm.mpx.isManaged()) {
      return;
    }
    BoundsGeometry geometry = mm.mpx.is32Bit ? BoundsGeometry.BITS_32 : BoundsGeometry.BITS_64;
    Map<Long, Long> owners = new HashMap<>();
    long directory = mm.mpx.bdAddr;
    long end = directory + geometry.directoryBytes();
    for (long at = directory; at < end; at = (at & -PMD_SIZE) + PMD_SIZE) {
      long table = pageTable(mm, at);
      if (table != 0) {
        long next = Math.min(end, (at & -PMD_SIZE) + PMD_SIZE);
        for (long page = at; page < next; page += PhysMemory.PAGE_SIZE) {
          long pte = Mem.longGetAcquire(table + PteBits.index(page, PteBits.LEVEL_PTE) * 8L);
          if (PteBits.isPresent(pte)) {
            checkPage(mm, geometry, page, phys.frameAddr(PteBits.pfn(pte)), owners);
          }
        }
      }
    }
  }

  private void checkPage(
      Mm mm, BoundsGeometry geometry, long page, long addr, Map<Long, Long> owners) {
    int bytes = geometry.directoryEntryBytes();
    for (long offset = 0; offset < PhysMemory.PAGE_SIZE; offset += bytes) {
      long entry =
          bytes == Long.BYTES
              ? Mem.longGetAcquire(addr + offset)
              : Integer.toUnsignedLong(Mem.intGetAcquire(addr + offset));
      if (!BoundsGeometry.isValid(entry)) {
        continue;
      }
      long table = geometry.tableAddr(entry);
      String what =
          "entry 0x%x of the directory names 0x%x".formatted(page + offset - mm.mpx.bdAddr, table);
      if (!isTable(mm, table, table + geometry.tableBytes())) {
        violations.add(new Violation(BOUNDS_DIRECTORY, what + ", which is no bounds table"));
      }
      if (owners.put(table, page + offset) != null) {
        violations.add(new Violation(BOUNDS_DIRECTORY, what + ", as another does"));
      }
    }
  }

  private static boolean isTable(Mm mm, long start, long end) {
    for (long at = start; at < end; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null
          || vma.vmStartGetOpaque() > at
          || (vma.vmFlagsGetOpaque() & VmFlags.VM_MPX) == 0) {
        return false;
      }
      at = vma.vmEndGetOpaque();
    }
    return true;
  }

  /** Native address of the page table for {@code vaddr}; 0 if there is none. */
  private long pageTable(Mm mm, long vaddr) {
    long table = phys.frameAddr(mm.pgdPfn);
    for (int level = PteBits.LEVEL_PGD; level > PteBits.LEVEL_PTE; level--) {
      long entry = Mem.longGetAcquire(table + PteBits.index(vaddr, level) * 8L);
      if (!PteBits.isPresent(entry) || (entry & PteBits.PS) != 0) {
        return 0;
      }
      table = phys.frameAddr(PteBits.pfn(entry));
    }
    return table;
  }
}
