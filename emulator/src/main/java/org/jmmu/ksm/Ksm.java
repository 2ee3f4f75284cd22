package org.jmmu.ksm;

import static org.jmmu.phys.PhysMemory.PAGE_SIZE;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.lock.LockClass;
import org.jmmu.lock.RwSem;
import org.jmmu.mm.BreakKsm;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.TlbFlush;
import org.jmmu.phys.PhysMemory;
import org.jmmu.phys.SlotTable;
import org.jmmu.rmap.AnonVmas;
import org.jmmu.rmap.PageRmap;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.KsmRmapItem;
import org.jmmu.types.KsmStableNode;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;

/**
 * The scanner that looks for pages to merge. A page is merged with one that is merged already as
 * soon as it is seen, with another candidate when it has not changed between two passes.
 *
 * @kernel mm/ksm.c:ksm_do_scan, cmp_and_merge_page
 */
public final class Ksm {
  private final PhysMemory phys;
  private final Frames frames;
  private final BreakKsm breakKsm;
  private final MergePages mergePages;
  private final StableNodes stable;
  private final RwSem threadMutex = new RwSem(LockClass.KSM_THREAD_MUTEX);
  private final Map<Long, KsmRmapItem> unstable = new HashMap<>(); // by checksum; one pass
  private final Map<Mm, Map<Long, KsmRmapItem>> items = new HashMap<>(); // by address
  private long seqnr; // of the pass

  public Ksm(
      PhysMemory phys,
      Frames frames,
      PageTables tables,
      TlbFlush tlbFlush,
      PageRmap pageRmap,
      AnonVmas anonVmas,
      SlotTable<KsmStableNode> slots,
      BreakKsm breakKsm) {
    this.phys = phys;
    this.frames = frames;
    this.breakKsm = breakKsm;
    this.mergePages = new MergePages(phys, frames, tables, tlbFlush, pageRmap, anonVmas);
    this.stable = new StableNodes(phys, frames, slots, mergePages);
  }

  /**
   * One pass over all memory that may be merged.
   *
   * @param mms all address spaces of the machine
   */
  public void scan(Iterable<Mm> mms) {
    threadMutex.writeLock();
    try {
      seqnr++;
      unstable.clear();
      stable.prune();
      for (Mm mm : mms) {
        scan(mm);
      }
    } finally {
      threadMutex.writeUnlock();
    }
  }

  /** Before an address space is torn down. @kernel mm/ksm.c:__ksm_exit */
  public void exit(Mm mm) {
    threadMutex.writeLock();
    try {
      Map<Long, KsmRmapItem> known = items.remove(mm);
      if (known != null) {
        known.values().forEach(this::forget);
      }
    } finally {
      threadMutex.writeUnlock();
    }
  }

  /** Merged pages that are mapped somewhere. @kernel mm/ksm.c:ksm_pages_shared */
  public int pagesShared() {
    threadMutex.writeLock();
    try {
      stable.prune();
      return stable.size();
    } finally {
      threadMutex.writeUnlock();
    }
  }

  /** As new; nobody may be using the machine. */
  public void reset() {
    unstable.clear();
    items.clear();
    stable.clear();
  }

  private void scan(Mm mm) {
    Map<Long, KsmRmapItem> known = items.computeIfAbsent(mm, _ -> new TreeMap<>());
    for (long at = 0; at >= 0; ) {
      at = scanFrom(mm, known, at);
    }
    for (Iterator<KsmRmapItem> each = known.values().iterator(); each.hasNext(); ) {
      KsmRmapItem item = each.next();
      if (item.seqnr != seqnr) { // there is nothing any more that could be merged
        forget(item);
        each.remove();
      }
    }
    if (known.isEmpty()) {
      items.remove(mm);
    }
  }

  /**
   * Looks at the first page from {@code vaddr} on.
   *
   * @return where to go on, negative at the end
   * @kernel mm/ksm.c:scan_get_next_rmap_item
   */
  private long scanFrom(Mm mm, Map<Long, KsmRmapItem> known, long vaddr) {
    long pfn = Buddy.NO_FRAME;
    long at = vaddr;
    mm.mmapLock.readLock();
    try {
      Vma vma = mm.vmas.find(at);
      while (vma != null && pfn == Buddy.NO_FRAME) {
        at = Math.max(at, vma.vmStartGetOpaque());
        if (MergePages.isMergeable(vma)) {
          pfn = mergePages.getAnonPage(vma, at);
          at += PAGE_SIZE;
        } else {
          at = vma.vmEndGetOpaque();
        }
        vma = at < vma.vmEndGetOpaque() ? vma : mm.vmas.next(vma);
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
    if (pfn == Buddy.NO_FRAME) {
      return -1;
    }
    try {
      KsmRmapItem item =
          known.computeIfAbsent(at - PAGE_SIZE, address -> new KsmRmapItem(mm, address));
      item.seqnr = seqnr;
      compareAndMerge(item, pfn);
    } finally {
      frames.put(pfn);
    }
    return at;
  }

  /** The caller has a reference to the page, and not mmap_lock. */
  private void compareAndMerge(KsmRmapItem item, long pfn) {
    KsmStableNode own = stable.of(pfn);
    if (own != null && item.node == own) {
      return;
    }
    forget(item);
    if (own != null) { // inherited by a fork
      mergeWithNode(item, pfn, own);
      return;
    }
    long checksum = phys.checksum(pfn);
    KsmStableNode node = stable.search(pfn, checksum);
    if (node != null) {
      mergeWithNode(item, pfn, node);
      return;
    }
    if (item.oldChecksum != checksum) {
      item.oldChecksum = checksum;
      return;
    }
    KsmRmapItem candidate = unstable.putIfAbsent(checksum, item);
    if (candidate != null && candidate != item) {
      mergeTwo(item, pfn, candidate, checksum);
    }
  }

  private void mergeWithNode(KsmRmapItem item, long pfn, KsmStableNode node) {
    long kpfn = stable.get(node);
    if (kpfn == Buddy.NO_FRAME) {
      return;
    }
    if (mergePages.mergeWith(item, pfn, kpfn)) {
      stable.append(node, item);
    }
    frames.put(kpfn);
  }

  /**
   * @kernel mm/ksm.c:try_to_merge_two_pages
   */
  private void mergeTwo(KsmRmapItem item, long pfn, KsmRmapItem candidate, long checksum) {
    long candidatePfn = pageOf(candidate);
    if (candidatePfn == Buddy.NO_FRAME) {
      unstable.put(checksum, item);
      return;
    }
    if (candidatePfn != pfn) {
      KsmStableNode node = stable.allocate(pfn, checksum);
      if (!mergePages.makeMerged(item, pfn, node)) {
        stable.free(node);
      } else if (mergePages.mergeWith(candidate, candidatePfn, pfn)) {
        unstable.remove(checksum);
        stable.insert(node);
        stable.append(node, item);
        stable.append(node, candidate);
      } else {
        stable.insert(node); // and dropped from there once the page is gone
        breakCow(item);
      }
    }
    frames.put(candidatePfn);
  }

  private long pageOf(KsmRmapItem item) {
    item.mm.mmapLock.readLock();
    try {
      Vma vma = MergePages.findMergeableVma(item);
      return vma == null ? Buddy.NO_FRAME : mergePages.getAnonPage(vma, item.address);
    } finally {
      item.mm.mmapLock.readUnlock();
    }
  }

  /** A merged page that only one process has is of no use. @kernel mm/ksm.c:break_cow */
  private void breakCow(KsmRmapItem item) {
    forget(item);
    item.mm.mmapLock.readLock();
    try {
      Vma vma = MergePages.findMergeableVma(item);
      if (vma != null) {
        breakKsm.range(vma, item.address, item.address + PAGE_SIZE);
      }
    } catch (ErrnoException e) {
      // no memory for a copy: it stays as it is
    } finally {
      item.mm.mmapLock.readUnlock();
    }
  }

  private void forget(KsmRmapItem item) {
    unstable.remove(item.oldChecksum, item);
    stable.remove(item);
  }
}
