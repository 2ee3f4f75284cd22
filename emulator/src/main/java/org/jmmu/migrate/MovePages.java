package org.jmmu.migrate;

import org.jmmu.alloc.Buddy;
import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.pgtable.Pte;
import org.jmmu.phys.Mem;
import org.jmmu.types.Errno;
import org.jmmu.types.ErrnoException;
import org.jmmu.types.Mm;

/**
 * Migrates the page at an address, as the system call move_pages does.
 *
 * @kernel mm/migrate.c:do_move_page_to_node_array
 */
public final class MovePages {
  private final Frames frames;
  private final PageTables tables;
  private final MigratePages migratePages;

  public MovePages(Frames frames, PageTables tables, MigratePages migratePages) {
    this.frames = frames;
    this.tables = tables;
    this.migratePages = migratePages;
  }

  /**
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
   * @kernel mm/memory.c:follow_page with FOLL_GET
   */
  public long isolate(Mm mm, long vaddr) {
    mm.mmapLock.readLock();
    long pfn;
    try {
      pfn = followPageLocked(mm, vaddr);
    } finally {
      mm.mmapLock.readUnlock();
    }
    if (pfn == Buddy.NO_FRAME) {
      throw new ErrnoException(Errno.EFAULT, "no page at 0x" + Long.toHexString(vaddr));
    }
    return pfn;
  }

  private long followPageLocked(Mm mm, long vaddr) {
    long pteAddr = tables.pteOffset(mm, vaddr);
    if (pteAddr == PageTables.NONE) {
      return Buddy.NO_FRAME;
    }
    tables.lock(pteAddr);
    long pteVal = Mem.longGetOpaque(pteAddr);
    long pfn = Buddy.NO_FRAME;
    if (Pte.isPresent(pteVal) && !Pte.isSpecial(pteVal)) {
      pfn = Pte.pfn(pteVal);
      frames.get(pfn); // the entry has a reference, and the ptl keeps the entry
    }
    tables.unlock(pteAddr);
    return pfn;
  }
}
