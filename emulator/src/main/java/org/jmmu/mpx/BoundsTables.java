package org.jmmu.mpx;

import static org.jmmu.phys.PhysMemory.PAGE_MASK;

import org.jmmu.hw.BoundsGeometry;
import org.jmmu.mm.Mman;
import org.jmmu.mm.Munmap;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * What every protocol needs to know and to do about bounds tables. Nothing here accesses the
 * directory. The caller holds mmap_lock.
 *
 * @kernel arch/x86/mm/mpx.c
 */
public final class BoundsTables {
  /** Which VMAs beside the ones that go keep a table alive. */
  public enum Neighbours {
    /** Data. */
    DATA,
    /** All, tables included: from Linux 4.2 on a second lookup undid the difference. */
    ALL
  }

  private final Munmap munmap;

  public BoundsTables(Munmap munmap) {
    this.munmap = munmap;
  }

  public static BoundsGeometry geometry(Mm mm) {
    return mm.mpx.is32Bit ? BoundsGeometry.BITS_32 : BoundsGeometry.BITS_64;
  }

  /** Address of the directory entry for {@code vaddr}. */
  public static long entryVaddr(Mm mm, long vaddr) {
    return mm.mpx.bdAddr + geometry(mm).directoryOffset(vaddr);
  }

  /** First address that shares a table with {@code vaddr}. */
  public static long spanStart(Mm mm, long vaddr) {
    return vaddr & -geometry(mm).spanBytes();
  }

  /** First address behind those that share a table with {@code vaddr}. */
  public static long spanEnd(Mm mm, long vaddr) {
    return spanStart(mm, vaddr) + geometry(mm).spanBytes();
  }

  /**
   * Whether something is mapped in the span of {@code vaddr} outside [{@code start}, {@code end}).
   */
  public static boolean hasNeighbour(Mm mm, long vaddr, long start, long end, Neighbours which) {
    long spanEnd = spanEnd(mm, vaddr);
    for (long at = spanStart(mm, vaddr); at < spanEnd; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() >= spanEnd) {
        return false;
      }
      long vmaStart = Math.max(at, vma.vmStartGetOpaque());
      long vmaEnd = Math.min(spanEnd, vma.vmEndGetOpaque());
      boolean counts = which == Neighbours.ALL || !isTable(vma);
      if (counts && (vmaStart < start || vmaEnd > end)) {
        return true;
      }
      at = vmaEnd;
    }
    return false;
  }

  /** Whether anything is mapped in [{@code start}, {@code end}). */
  public static boolean isMapped(Mm mm, long start, long end) {
    Vma vma = mm.vmas.find(start);
    return vma != null && vma.vmStartGetOpaque() < end;
  }

  public static boolean isTable(Vma vma) {
    return (vma.vmFlagsGetOpaque() & VmFlags.VM_MPX) != 0;
  }

  /** Unmaps a whole table that no directory entry names any more. The caller holds mmap_lock(W). */
  public void unmapTable(Mm mm, long table) {
    long bytes = geometry(mm).tableBytes();
    if (!isTableRange(mm, table, table + bytes)) {
      convict(mm);
      return;
    }
    munmap.munmapForHook(mm, table, table + bytes);
  }

  /**
   * Frees the memory of the part of a table that is for [{@code start}, {@code end}), which lies in
   * one span; the table stays.
   */
  public void zapSlice(Mm mm, long table, long start, long end) {
    BoundsGeometry geometry = geometry(mm);
    long from = (table + geometry.tableOffset(start)) & PAGE_MASK;
    long to = Mman.pageAlign(table + geometry.tableOffset(end - 1) + geometry.tableEntryBytes());
    if (!isTableRange(mm, from, to)) {
      convict(mm);
      return;
    }
    munmap.zapForHook(mm, from, to);
  }

  private static boolean isTableRange(Mm mm, long start, long end) {
    for (long at = start; at < end; ) {
      Vma vma = mm.vmas.find(at);
      if (vma == null || vma.vmStartGetOpaque() > at || !isTable(vma)) {
        return false;
      }
      at = vma.vmEndGetOpaque();
    }
    return true;
  }

  /** The calling thread gets a SIGSEGV once it leaves the kernel: its directory makes no sense. */
  public static void convict(Mm mm) {
    mm.mpx.convict = Thread.currentThread();
  }

  /** Whether {@code entry} is one that the kernel may have written: nothing, or a valid one. */
  public static boolean makesSense(long entry) {
    return entry == 0 || BoundsGeometry.isValid(entry);
  }
}
