package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.FRAME_TYPE;
import static org.jmmu.check.Violation.Invariant.NO_DANGLING_MIGRATION_ENTRY;
import static org.jmmu.check.Violation.Invariant.PMD_SHARE_COUNT;
import static org.jmmu.check.Violation.Invariant.REVERSE_MAP;
import static org.jmmu.check.Violation.Invariant.VMA_TREE;

import java.util.Arrays;
import java.util.List;
import org.jmmu.filemap.PageCache;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hw.PteBits;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.Mem;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.Slot;
import org.jmmu.phys.SlotTable;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.AddressSpace;
import org.jmmu.types.AnonVma;
import org.jmmu.types.KsmRmapItem;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * Counts, over the page tables of all address spaces, how often each frame is mapped and which
 * frames are tables; judges every entry on the way.
 *
 * <p>Allocates only for what it finds broken, because stress tests run it on every sample.
 */
final class PageTableCensus {
  private final PhysMemory phys;
  private final AnonVmas anonVmas;
  private final PageCache pageCache;
  private final SlotTable<KsmStableNode> ksmNodes;
  private final SwapCensus swap;
  private final PmdSharing sharing;
  private final List<Violation> violations;
  private int[] mapped = new int[0]; // by frame: entries that map it
  private int[] linked = new int[0]; // by frame: entries that link it as a table

  PageTableCensus(
      PhysMemory phys,
      AnonVmas anonVmas,
      PageCache pageCache,
      SlotTable<KsmStableNode> ksmNodes,
      SwapCensus swap,
      PmdSharing sharing,
      List<Violation> violations) {
    this.phys = phys;
    this.anonVmas = anonVmas;
    this.pageCache = pageCache;
    this.ksmNodes = ksmNodes;
    this.swap = swap;
    this.sharing = sharing;
    this.violations = violations;
  }

  /** Starts over, for frames below {@code endPfn}. */
  void begin(int endPfn) {
    if (mapped.length < endPfn) {
      mapped = new int[endPfn];
      linked = new int[endPfn];
    } else {
      Arrays.fill(mapped, 0);
      Arrays.fill(linked, 0);
    }
  }

  int mapped(int pfn) {
    return mapped[pfn];
  }

  boolean isLinked(int pfn) {
    return linked[pfn] != 0;
  }

  void count(Mm mm) {
    countTable(mm, mm.pgdPfn, PteBits.LEVEL_PGD, 0);
  }

  private void countTable(Mm mm, long tablePfn, int level, long firstVaddr) {
    if (!isKnown(tablePfn)
        || (linked[(int) tablePfn] != 0 && level != PteBits.LEVEL_PMD)
        || PageDesc.typeGetOpaque(phys, tablePfn) != FrameType.PAGE_TABLE) {
      add(
          FRAME_TYPE,
          "frame " + tablePfn + " is linked as a table of level " + level + " at",
          mm,
          firstVaddr);
      return;
    }
    linked[(int) tablePfn]++;
    if (level == PteBits.LEVEL_PMD && sharing.count(tablePfn) > 1) {
      checkSharer(mm, tablePfn, firstVaddr);
    }
    if (linked[(int) tablePfn] > 1) {
      return; // its entries are counted once
    }
    long table = phys.frameAddr(tablePfn);
    int i = nextEntry(table, 0);
    while (i < PteBits.ENTRIES_PER_TABLE) {
      long word = Mem.longGetPlain(table + ((long) i << 3));
      long vaddr = firstVaddr + i * PteBits.size(level);
      if (level == PteBits.LEVEL_PTE) {
        countEntry(mm, vaddr, word);
      } else if (PageTables.isHuge(word)) {
        countPage(mm, vaddr, Pte.pfn(word), FrameType.HUGETLB);
      } else {
        countTable(mm, Pte.pfn(word), level - 1, vaddr);
      }
      i = nextEntry(table, i + 1);
    }
  }

  /** Whoever shares a table maps all of what it is for. */
  private void checkSharer(Mm mm, long tablePfn, long vaddr) {
    Vma vma = mm.vmas.find(vaddr);
    if (vma == null
        || vma.vmStartGetOpaque() > vaddr
        || vma.vmEndGetOpaque() < vaddr + PmdSharing.PUD_SIZE) {
      add(PMD_SHARE_COUNT, "table " + tablePfn + " is shared by less than a GiB at", mm, vaddr);
    }
  }

  /** All address spaces are counted: judges how often the table in a frame is linked. */
  void checkTable(int pfn) {
    if (linked[pfn] != 0 && linked[pfn] != sharing.count(pfn)) {
      violations.add(
          new Violation(
              PMD_SHARE_COUNT,
              "table %d says %d, %d entries link it"
                  .formatted(pfn, sharing.count(pfn), linked[pfn])));
    }
  }

  /** The first entry from {@code from} on that is not empty; most of most tables is. */
  private static int nextEntry(long table, int from) {
    int left = PteBits.ENTRIES_PER_TABLE - from;
    return from + Mem.firstNonZeroLong(table + ((long) from << 3), left);
  }

  private void countEntry(Mm mm, long vaddr, long word) {
    if (MigrationEntry.isMigrationEntry(word)) {
      String what = "migration entry for frame " + MigrationEntry.pfn(word) + " at";
      add(NO_DANGLING_MIGRATION_ENTRY, what, mm, vaddr);
    } else if (SwapPte.isSwapEntry(word)) {
      swap.count(word, "at 0x" + Long.toHexString(vaddr) + " of the mm with pgd " + mm.pgdPfn);
    } else if (!Pte.isPresent(word)) {
      add(FRAME_TYPE, "word 0x" + Long.toHexString(word) + " means nothing, at", mm, vaddr);
    } else if (!Pte.isSpecial(word)) {
      countPage(mm, vaddr, Pte.pfn(word), FrameType.USER);
    }
  }

  private void countPage(Mm mm, long vaddr, long pfn, FrameType type) {
    if (!isKnown(pfn) || PageDesc.typeGetOpaque(phys, pfn) != type) {
      add(FRAME_TYPE, "frame " + pfn + " is mapped but is not of type " + type + ", at", mm, vaddr);
      return;
    }
    mapped[(int) pfn]++;
    Vma vma = mm.vmas.find(vaddr);
    if (vma == null || vaddr < vma.vmStartGetOpaque()) {
      add(VMA_TREE, "frame " + pfn + " is mapped outside any VMA, at", mm, vaddr);
    } else if (HugePages.isHugetlb(vma) != (type == FrameType.HUGETLB)) {
      add(VMA_TREE, "frame " + pfn + " is mapped in a VMA of the other page size, at", mm, vaddr);
    } else if (!leadsTo(pfn, vma, vaddr)) {
      add(REVERSE_MAP, "no way from frame " + pfn + " to its entry at", mm, vaddr);
    }
  }

  private boolean leadsTo(long pfn, Vma vma, long vaddr) {
    AddressSpace mapping = pageCache.of(PageDesc.mappingGetAcquire(phys, pfn));
    if (mapping != null) {
      return vma.file != null
          && vma.file.mapping == mapping
          && PageDesc.indexGetOpaque(phys, pfn) == vma.linearPageIndex(vaddr);
    }
    long word = PageDesc.mappingGetAcquire(phys, pfn);
    if (Slot.tag(word) == PageFlags.PAGE_MAPPING_KSM) {
      return ksmLeadsTo(ksmNodes.get(word), vma, vaddr);
    }
    AnonVma anonVma = anonVmas.of(word);
    long index = PageDesc.indexGetOpaque(phys, pfn);
    return anonVma != null
        && index == vma.linearPageIndex(vaddr)
        && anonVma.leadsToLocked(vma, index);
  }

  /** By way of the item of this process or of the one it was forked from. */
  private static boolean ksmLeadsTo(KsmStableNode node, Vma vma, long vaddr) {
    for (KsmRmapItem item = node.headLocked(); item != null; item = item.next()) {
      AnonVma anonVma = item.anonVma;
      if (item.address == vaddr
          && anonVma != null
          && anonVma.leadsToLocked(vma, vma.linearPageIndex(vaddr))) {
        return true;
      }
    }
    return false;
  }

  private boolean isKnown(long pfn) {
    return Long.compareUnsigned(pfn, mapped.length) < 0;
  }

  private void add(Violation.Invariant invariant, String what, Mm mm, long vaddr) {
    String where = what + " 0x" + Long.toHexString(vaddr) + " of the mm with pgd " + mm.pgdPfn;
    violations.add(new Violation(invariant, where));
  }
}
