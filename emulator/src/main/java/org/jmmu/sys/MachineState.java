package org.jmmu.sys;

import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jmmu.hw.PteBits;
import org.jmmu.lock.LockOrderChecker;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * What threads race for on a machine, in words: VMAs, page-table entries, pages, who holds which
 * locks. Two looks with the same object call the same things by the same names, so that a look
 * between two steps shows what the step changed.
 *
 * <p>Takes no lock and trusts nothing: all threads but the one that looks must stand still, but
 * they may do so anywhere.
 */
public final class MachineState {
  private final Kernel kernel;
  private final PhysMemory phys;
  private final IdentityHashMap<Vma, String> vmaNames = new IdentityHashMap<>();
  private Map<String, String> state = new LinkedHashMap<>();

  MachineState(Kernel kernel) {
    this.kernel = kernel;
    this.phys = kernel.phys;
  }

  /** What each thing is called, and its value now. */
  public Map<String, String> now() {
    state = new LinkedHashMap<>();
    List<Mm> mms = kernel.mms();
    for (int i = 0; i < mms.size(); i++) {
      String name = "mm" + (i + 1);
      for (Vma vma : mms.get(i).vmas.snapshot()) {
        state.put(vmaName(name, vma), describe(vma));
      }
      tables(name, mms.get(i).pgdPfn, PteBits.LEVEL_PGD, 0);
    }
    pages();
    LockOrderChecker.holders().forEach((thread, locks) -> state.put(thread + " holds", locks));
    return state;
  }

  /** By letters, in the order in which they were seen first. */
  private String vmaName(String mm, Vma vma) {
    return vmaNames.computeIfAbsent(
        vma, _ -> mm + " vma " + (char) ('A' + vmaNames.size() % ('Z' - 'A' + 1)));
  }

  private static String describe(Vma vma) {
    long flags = vma.vmFlagsGetOpaque();
    return "%x-%x %s%s%s pgoff %x%s"
        .formatted(
            vma.vmStartGetOpaque(),
            vma.vmEndGetOpaque(),
            (flags & VmFlags.VM_READ) != 0 ? "r" : "-",
            (flags & VmFlags.VM_WRITE) != 0 ? "w" : "-",
            (flags & VmFlags.VM_EXEC) != 0 ? "x" : "-",
            vma.vmPgoffGetOpaque(),
            vma.anonVmaGetAcquire() == null ? "" : " anon_vma");
  }

  private void tables(String mm, long tablePfn, int level, long firstVaddr) {
    if (!phys.containsPfn(tablePfn)) {
      return;
    }
    long table = phys.frameAddr(tablePfn);
    for (int i = 0; i < PteBits.ENTRIES_PER_TABLE; i++) {
      int left = PteBits.ENTRIES_PER_TABLE - i;
      i += Mem.firstNonZeroLong(table + ((long) i << 3), left);
      if (i >= PteBits.ENTRIES_PER_TABLE) {
        return;
      }
      long word = Mem.longGetOpaque(table + ((long) i << 3));
      long vaddr = firstVaddr + i * PteBits.size(level);
      if (level == PteBits.LEVEL_PTE || PageTables.isHuge(word) || !Pte.isPresent(word)) {
        String kind = level == PteBits.LEVEL_PTE ? " pte " : " pmd ";
        state.put(mm + kind + Long.toHexString(vaddr), describe(word));
      } else {
        tables(mm, Pte.pfn(word), level - 1, vaddr);
      }
    }
  }

  private String describe(long word) {
    if (MigrationEntry.isMigrationEntry(word)) {
      return "migration entry for frame " + MigrationEntry.pfn(word);
    }
    if (SwapPte.isSwapPte(word)) {
      return "swap entry " + SwapPte.type(word) + ":" + SwapPte.offset(word);
    }
    if (!Pte.isPresent(word)) {
      return "0x" + Long.toHexString(word);
    }
    return (Pte.isSpecial(word) ? "zero page" : "frame " + Pte.pfn(word))
        + (Pte.isWrite(word) ? " rw" : " ro")
        + (Pte.isYoung(word) ? " A" : "")
        + (Pte.isDirty(word) ? " D" : "");
  }

  private void pages() {
    for (long pfn = 1; pfn < kernel.nodes.usedEnd(); pfn++) {
      FrameType type = PageDesc.typeGetOpaque(phys, pfn);
      if (type == FrameType.USER || type == FrameType.HUGETLB) {
        state.put("frame " + pfn, describePage(pfn));
      }
    }
  }

  private String describePage(long pfn) {
    long flags = PageDesc.flagsGetAcquire(phys, pfn);
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    String kind =
        mapping == 0
            ? ""
            : Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM
                ? ", merged"
                : (mapping & PageFlags.PAGE_MAPPING_ANON) != 0
                    ? ", anon index " + Long.toHexString(PageDesc.indexGetOpaque(phys, pfn))
                    : ", file index " + Long.toHexString(PageDesc.indexGetOpaque(phys, pfn));
    return "mapcount "
        + PageDesc.mapcountGetAcquire(phys, pfn)
        + ", refcount "
        + PageDesc.refcountGetAcquire(phys, pfn)
        + kind
        + ((flags & PageFlags.PG_LOCKED) != 0 ? ", locked" : "")
        + ((flags & PageFlags.PG_SWAPCACHE) != 0 ? ", in swap cache" : "");
  }
}
