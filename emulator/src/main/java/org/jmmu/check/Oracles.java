package org.jmmu.check;

import static org.jmmu.check.Violation.Invariant.EXCLUSIVE;
import static org.jmmu.check.Violation.Invariant.MAPCOUNT;
import static org.jmmu.check.Violation.Invariant.NO_LEAKED_FRAME;
import static org.jmmu.check.Violation.Invariant.NO_LOCK_HELD;
import static org.jmmu.check.Violation.Invariant.REFCOUNT;
import static org.jmmu.check.Violation.Invariant.VMA_TREE;

import java.util.ArrayList;
import java.util.List;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Nodes;
import org.jmmu.filemap.MappingSlot;
import org.jmmu.filemap.PageCache;
import org.jmmu.hugetlb.HugePages;
import org.jmmu.hugetlb.Hugetlb;
import org.jmmu.lock.PageLock;
import org.jmmu.lock.SpinLock;
import org.jmmu.pgtable.PmdSharing;
import org.jmmu.phys.FrameType;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PageFlags;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.SlotTable;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.swap.SwapCache;
import org.jmmu.swap.Swapfile;
import org.jmmu.types.AnonVma;
import org.jmmu.types.AnonVmaChain;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * All checks of one machine. To be called at rest: no thread in a system call, a fault or a
 * migration. For one thread.
 */
public final class Oracles {
  private final PhysMemory phys;
  private final Nodes nodes;
  private final List<Violation> violations = new ArrayList<>();
  private final PageCacheCensus cached;
  private final SwapCensus swap;
  private final HugetlbCensus huge;
  private final BoundsCensus bounds;
  private final PageTableCensus census;

  public Oracles(
      PhysMemory phys,
      Nodes nodes,
      AnonVmas anonVmas,
      PageCache pageCache,
      SlotTable<MappingSlot> mappings,
      Swapfile swapfile,
      SwapCache swapCache,
      SlotTable<KsmStableNode> ksmNodes,
      Hugetlb hugetlb) {
    this.phys = phys;
    this.nodes = nodes;
    this.swap = new SwapCensus(phys, swapfile, swapCache, violations);
    this.cached = new PageCacheCensus(phys, mappings, swap, violations);
    this.huge = new HugetlbCensus(phys, hugetlb, violations);
    this.bounds = new BoundsCensus(phys, violations);
    this.census =
        new PageTableCensus(phys, anonVmas, pageCache, ksmNodes, swap, hugetlb.sharing, violations);
  }

  /**
   * @param mms all address spaces of the machine
   * @return what is broken; empty if nothing is
   */
  public List<Violation> check(Iterable<Mm> mms) {
    violations.clear();
    swap.begin();
    huge.begin();
    int usedEnd = (int) nodes.usedEnd();
    census.begin(usedEnd);
    cached.count(usedEnd);
    for (Mm mm : mms) {
      census.count(mm);
      checkVmas(mm);
      checkLocks(mm);
      bounds.check(mm);
    }
    swap.checkSlots();
    checkZones();
    huge.checkPool();
    return violations.isEmpty() ? List.of() : List.copyOf(violations);
  }

  private void checkZones() {
    long inUse = 0;
    for (int nid = 0; nid < nodes.nr(); nid++) {
      Buddy zone = nodes.zone(nid);
      inUse += checkFrames((int) zone.start(), (int) zone.usedEnd());
      if (zone.isLocked()) {
        add(NO_LOCK_HELD, "a lock of the page allocator of node " + nid);
      }
    }
    long missing = phys.nrFrames() - 1 - inUse - nodes.nrFree();
    if (missing != 0) {
      add(NO_LEAKED_FRAME, missing + " frames are neither free nor in use");
    }
  }

  /** How many of the frames [{@code start}, {@code end}) are in use. */
  private long checkFrames(int start, int end) {
    long inUse = 0;
    for (int pfn = start; pfn < end; pfn++) {
      FrameType type = PageDesc.typeGetOpaque(phys, pfn);
      if (type == FrameType.FREE) {
        continue;
      }
      inUse++;
      if (SpinLock.isLocked(PageDesc.ptlAddr(phys, pfn))) {
        add(NO_LOCK_HELD, "page-table lock of frame " + pfn);
      }
      if (PageLock.isLocked(phys, pfn)) {
        add(NO_LOCK_HELD, "page lock of frame " + pfn);
      }
      if (type == FrameType.PAGE_TABLE) {
        census.checkTable(pfn);
      }
      if (type == FrameType.PAGE_TABLE && !census.isLinked(pfn)) {
        add(NO_LEAKED_FRAME, "page table in frame " + pfn);
      } else if (type == FrameType.USER) {
        checkPage(pfn);
      } else if (type == FrameType.HUGETLB && (pfn & (HugePages.NR_FRAMES - 1)) == 0) {
        huge.countPage(pfn, census.mapped(pfn), cached.isCached(pfn));
      }
    }
    return inUse;
  }

  private void checkPage(int pfn) {
    int mapped = census.mapped(pfn);
    int mapcount = PageDesc.mapcountGetAcquire(phys, pfn);
    int refcount = PageDesc.refcountGetAcquire(phys, pfn);
    if (mapcount != mapped) {
      add(MAPCOUNT, "frame " + pfn + " says " + mapcount + ", " + mapped + " entries map it");
    }
    boolean isCached = cached.isCached(pfn);
    boolean isSwapCached = swap.isCached(pfn);
    int expected = mapcount + (isCached ? 1 : 0) + (isSwapCached ? 1 : 0);
    if (mapped == 0 && expected == 0) {
      add(NO_LEAKED_FRAME, "frame " + pfn + " is mapped nowhere, references " + refcount);
    } else if (refcount != expected) {
      String where = isCached ? ", in a page cache" : isSwapCached ? ", in the swap cache" : "";
      add(
          REFCOUNT,
          "frame " + pfn + " has " + refcount + " references, mapcount " + mapcount + where);
    }
    if (mapcount > 1 && (PageDesc.flagsGetAcquire(phys, pfn) & PageFlags.PG_ANON_EXCLUSIVE) != 0) {
      add(EXCLUSIVE, "frame " + pfn + " is mapped " + mapcount + " times");
    }
  }

  private void checkVmas(Mm mm) {
    long end = 0;
    for (Vma vma : mm.vmas.snapshot()) {
      if (vma.vmStartGetOpaque() < end || vma.vmEndGetOpaque() <= vma.vmStartGetOpaque()) {
        add(
            VMA_TREE,
            vma + " of the mm with pgd " + mm.pgdPfn + ", behind " + Long.toHexString(end));
      }
      huge.countVma(vma);
      end = vma.vmEndGetOpaque();
      if (mm.vmas.find(vma.vmStartGetOpaque()) != vma || mm.vmas.find(end - 1) != vma) {
        add(VMA_TREE, vma + " of the mm with pgd " + mm.pgdPfn + " is not found by its addresses");
      }
    }
  }

  private void checkLocks(Mm mm) {
    if (mm.mmapLock.isLocked()) {
      add(NO_LOCK_HELD, "mmap_lock of the mm with pgd " + mm.pgdPfn);
    }
    for (Vma vma : mm.vmas.snapshot()) {
      if (vma.isReadLocked() || PmdSharing.isLocked(vma)) {
        add(NO_LOCK_HELD, "lock of " + vma);
      }
      for (AnonVmaChain avc = vma.anonVmaChain.head(); avc != null; avc = avc.sameVmaNext()) {
        AnonVma anonVma = avc.anonVma;
        if (anonVma.rwsem.isLocked() || anonVma.root().rwsem.isLocked()) {
          add(NO_LOCK_HELD, "lock of an anon_vma of " + vma);
        }
      }
    }
  }

  private void add(Violation.Invariant invariant, String where) {
    violations.add(new Violation(invariant, where));
  }
}
