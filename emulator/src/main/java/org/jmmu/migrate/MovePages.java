package org.jmmu.migrate;

import static org.jmmu.mm.Mman.MPOL_MF_MOVE;
import static org.jmmu.mm.Mman.MPOL_MF_MOVE_ALL;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.alloc.Nodes;
import org.jmmu.pgtable.FolioWalk;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.PhysMemory;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;
import org.jmmu.types.Vma;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages by their addresses, or says where they are.
 *
 * @kernel mm/migrate.c:kernel_move_pages
 */
public final class MovePages {
  private final PhysMemory phys;
  private final Frames frames;
  private final Nodes nodes;
  private final PageTables tables;
  private final MigratePages migratePages;
  private final MigrateList migrateList;

  public MovePages(
      PhysMemory phys, Frames frames, Nodes nodes, PageTables tables, MigratePages migratePages) {
    this.phys = phys;
    this.frames = frames;
    this.nodes = nodes;
    this.tables = tables;
    this.migratePages = migratePages;
    this.migrateList = new MigrateList(migratePages);
  }

  /**
   * The system call, by a caller that may move any page.
   *
   * @param targets a node for each page; null only asks where they are
   * @param status filled with a node for each page, or minus an errno; unchanged for pages that
   *     failed to move, and behind them
   * @return pages that were not moved
   * @throws ErrnoException EINVAL, ENODEV, ENOMEM; EFAULT if an array is too short
   */
  public int movePages(Mm mm, long[] pages, int @Nullable [] targets, int[] status, int flags) {
    if ((flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) != 0) {
      throw new ErrnoException(Errno.EINVAL, "flags 0x" + Integer.toHexString(flags));
    }
    if (targets == null) {
      doPagesStat(mm, pages, status);
      return 0;
    }
    return new DoPagesMove(phys, frames, nodes, tables, migrateList, mm, status, flags)
        .run(pages, targets);
  }

  /**
   * @kernel mm/migrate.c:do_pages_stat_array
   */
  private void doPagesStat(Mm mm, long[] pages, int[] status) {
    FolioWalk walk = new FolioWalk(tables);
    mm.mmapLock.readLock();
    try {
      for (int i = 0; i < pages.length; i++) {
        int answer = statLocked(walk, mm, pages[i]);
        if (i >= status.length) {
          throw new ErrnoException(Errno.EFAULT, "no place for the status of page " + i);
        }
        status[i] = answer;
      }
    } finally {
      mm.mmapLock.readUnlock();
    }
  }

  private int statLocked(FolioWalk walk, Mm mm, long vaddr) {
    Vma vma = mm.vmas.find(vaddr);
    if (vma == null || vma.vmStartGetOpaque() > vaddr) {
      return -Errno.EFAULT.number();
    }
    long pfn = walk.start(mm, vaddr);
    walk.end();
    if (pfn == Buddy.NO_FRAME) {
      return -Errno.ENOENT.number();
    }
    return pfn == FolioWalk.ZERO_PAGE ? -Errno.EFAULT.number() : nodes.nid(pfn);
  }

  /**
   * Moves one page to any other frame.
   *
   * @throws ErrnoException EFAULT if no page is mapped at {@code vaddr}
   */
  public MigratePages.Result movePage(Mm mm, long vaddr) {
    return migratePages.migrate(isolate(mm, vaddr));
  }

  /**
   * Takes a reference on the page mapped at {@code vaddr}.
   *
   * @return its frame
   * @throws ErrnoException EFAULT if no page is mapped there
   * @kernel mm/gup.c:follow_page with FOLL_GET
   */
  public long isolate(Mm mm, long vaddr) {
    FolioWalk walk = new FolioWalk(tables);
    mm.mmapLock.readLock();
    try {
      long pfn = walk.start(mm, vaddr);
      if (pfn > 0) {
        frames.get(pfn); // the entry has a reference, and the ptl keeps the entry
      }
      walk.end();
      if (pfn <= 0) {
        throw new ErrnoException(Errno.EFAULT, "no page at 0x" + Long.toHexString(vaddr));
      }
      return pfn;
    } finally {
      mm.mmapLock.readUnlock();
    }
  }
}
