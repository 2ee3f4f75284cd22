package org.jmmu.migrate;

import static org.jmmu.mm.Mman.MPOL_MF_MOVE_ALL;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.migrate.MigratePages.Mode;
import org.jmmu.pgtable.FolioWalk;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.PageDesc;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.VmFlags;
import org.jmmu.types.Vma;

/**
 * One call of move_pages that moves. Neighbours in the array with the same node are collected and
 * migrated together; what cannot even be collected is reported in its status, and ends nothing.
 *
 * @kernel mm/migrate.c:do_pages_move
 */
final class DoPagesMove {
  private static final int NUMA_NO_NODE = -1;
  private static final int QUEUED = 1; // neither 0 nor the negative number of an error

  private final PhysMemory phys;
  private final Frames frames;
  private final Nodes nodes;
  private final MigrateList migrateList;
  private final Mm mm;
  private final FolioWalk walk;
  private final int[] status;
  private final boolean migrateAll;
  private final IsolatedPages pageList;
  private int currentNode = NUMA_NO_NODE; // where the pages on the list go
  private int start; // first place in the array of those on the list

  DoPagesMove(
      PhysMemory phys,
      Frames frames,
      Nodes nodes,
      PageTables tables,
      MigrateList migrateList,
      Mm mm,
      int[] status,
      int flags) {
    this.phys = phys;
    this.frames = frames;
    this.nodes = nodes;
    this.migrateList = migrateList;
    this.mm = mm;
    this.walk = new FolioWalk(tables);
    this.status = status;
    this.migrateAll = (flags & MPOL_MF_MOVE_ALL) != 0;
    this.pageList = new IsolatedPages(phys, frames);
  }

  /**
   * @return pages that were not moved, those behind the first failure included
   */
  int run(long[] pages, int[] targets) {
    for (int i = 0; i < pages.length; i++) {
      int left;
      try {
        left = add(pages, targets, i);
      } catch (ErrnoException e) {
        flush(i, pages.length);
        throw e;
      }
      if (left != 0) {
        return left;
      }
    }
    return flush(pages.length, pages.length);
  }

  /** One more page of the array; 0, or what {@link #run} is to return. */
  private int add(long[] pages, int[] targets, int i) {
    int node = targetOf(targets, i);
    if (currentNode != NUMA_NO_NODE && node != currentNode) {
      int left = flush(i, pages.length);
      if (left != 0) {
        return left;
      }
      currentNode = NUMA_NO_NODE;
    }
    if (currentNode == NUMA_NO_NODE) {
      currentNode = node;
      start = i;
    }
    int err = addFolioForMigration(pages[i]);
    if (err == QUEUED) {
      return 0;
    }
    store(i, err == 0 ? currentNode : err);
    int left = flush(i, pages.length);
    if (left > 0) {
      return left - 1; // page i is accounted for
    }
    currentNode = NUMA_NO_NODE;
    return 0;
  }

  private int targetOf(int[] targets, int i) {
    if (i >= targets.length) {
      throw new ErrnoException(Errno.EFAULT, "no node for page " + i);
    }
    if (!nodes.contains(targets[i])) {
      throw new ErrnoException(Errno.ENODEV, "there is no node " + targets[i]);
    }
    return targets[i];
  }

  /** {@link #QUEUED}; 0 if the page is there already; or minus an errno. */
  private int addFolioForMigration(long vaddr) {
    mm.mmapLock.readLock();
    try {
      Vma vma = mm.vmas.find(vaddr);
      if (vma == null
          || vma.vmStartGetOpaque() > vaddr
          || (vma.vmFlagsGetOpaque() & (VmFlags.VM_IO | VmFlags.VM_PFNMAP)) != 0) {
        return -Errno.EFAULT.number();
      }
      long pfn = walk.start(mm, vaddr);
      int err = pfn == Buddy.NO_FRAME ? -Errno.ENOENT.number() : isolateLocked(pfn);
      walk.end();
      return err;
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  private int isolateLocked(long pfn) {
    if (pfn == FolioWalk.ZERO_PAGE) {
      return -Errno.EFAULT.number();
    }
    if (nodes.nid(pfn) == currentNode) {
      return 0;
    }
    if (!migrateAll && PageDesc.mapcountGetAcquire(phys, pfn) > 1) {
      return -Errno.EACCES.number();
    }
    return pageList.isolate(pfn) ? QUEUED : -Errno.EBUSY.number();
  }

  /**
   * Migrates what was collected, up to place {@code i} of the array.
   *
   * @return 0, or the pages that were not moved
   * @throws ErrnoException ENOMEM, EFAULT
   * @kernel mm/migrate.c:move_pages_and_store_status
   */
  private int flush(int i, int nrPages) {
    if (pageList.isEmpty()) {
      return 0;
    }
    int left = migrateList.migrate(pageList, MigrationTarget.node(frames, currentNode), Mode.SYNC);
    pageList.putback();
    if (left == MigrateList.ENOMEM) {
      throw new ErrnoException(Errno.ENOMEM, "node " + currentNode + " has no frame left");
    }
    if (left > 0) {
      return left + nrPages - i;
    }
    for (int at = start; at < i; at++) {
      store(at, currentNode);
    }
    return 0;
  }

  private void store(int i, int value) {
    if (i >= status.length) {
      throw new ErrnoException(Errno.EFAULT, "no place for the status of page " + i);
    }
    status[i] = value;
  }
}
