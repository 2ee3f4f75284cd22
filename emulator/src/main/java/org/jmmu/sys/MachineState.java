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
        vma(vmaName(name, vma), vma);
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

  private void vma(String name, Vma vma) {
    long flags = vma.vmFlagsGetOpaque();
    state.put(name + " start", Long.toHexString(vma.vmStartGetOpaque()));
    state.put(name + " end", Long.toHexString(vma.vmEndGetOpaque()));
    state.put(name + " pgoff", Long.toHexString(vma.vmPgoffGetOpaque()));
    state.put(
        name + " flags",
        ((flags & VmFlags.VM_READ) != 0 ? "r" : "-")
            + ((flags & VmFlags.VM_WRITE) != 0 ? "w" : "-")
            + ((flags & VmFlags.VM_EXEC) != 0 ? "x" : "-")
            + ((flags & VmFlags.VM_SHARED) != 0 ? "s" : "p"));
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
        page("frame " + pfn, pfn);
      }
    }
  }

  private void page(String name, long pfn) {
    int mapcount = PageDesc.mapcountGetAcquire(phys, pfn);
    int refcount = PageDesc.refcountGetAcquire(phys, pfn);
    long flags = PageDesc.flagsGetAcquire(phys, pfn);
    if (mapcount == 0 && refcount == 0 && flags == 0) {
      return; // a huge page in the pool
    }
    state.put(name + " mapcount", String.valueOf(mapcount));
    state.put(name + " refcount", String.valueOf(refcount));
    long mapping = PageDesc.mappingGetAcquire(phys, pfn);
    if (mapping != 0) {
      state.put(name + " mapping", kind(mapping));
      state.put(name + " index", Long.toHexString(PageDesc.indexGetOpaque(phys, pfn)));
    }
    if ((flags & PageFlags.PG_LOCKED) != 0) {
      state.put(name + " lock", "held");
    }
    if ((flags & PageFlags.PG_SWAPCACHE) != 0) {
      state.put(name + " swap cache", "in it");
    }
  }

  private static String kind(long mapping) {
    if (Slot.tag(mapping) == PageFlags.PAGE_MAPPING_KSM) {
      return "merged";
    }
    boolean anon = (mapping & PageFlags.PAGE_MAPPING_ANON) != 0;
    return (anon ? "anon_vma 0x" : "file 0x") + Long.toHexString(mapping & -4);
  }
}
