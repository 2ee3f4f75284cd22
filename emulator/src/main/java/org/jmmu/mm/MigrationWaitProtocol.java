package org.jmmu.mm;

import org.jmmu.alloc.Frames;
import org.jmmu.pgtable.PageTables;
import org.jmmu.phys.PhysMemory;
import org.jmmu.rmap.RemoveMigrationPtes;
import org.jmmu.types.Vma;

/**
 * Seam of race migration-wait: how a fault that meets a migration entry waits for the end of the
 * migration, and what it does with an entry whose migration is over.
 *
 * <p>An implementation has no state of its own; it serves all machines.
 */
public interface MigrationWaitProtocol {
  /** What an implementation works with: the parts of one machine. */
  record Parts(
      PhysMemory phys, Frames frames, PageTables tables, RemoveMigrationPtes removeMigrationPtes) {}

  /**
   * Returns when the migration may be over. The caller saw a migration entry at {@code pteAddr}
   * without the ptl, so it may be gone by now. The caller holds mmap_lock or the VMA's lock, no ptl
   * and no reference on the page.
   *
   * @param vaddr page aligned
   * @return {@link VmFault}, 0 if the access is worth another try
   * @kernel mm/migrate.c:migration_entry_wait
   */
  int migrationEntryWait(Parts parts, Vma vma, long vaddr, long pteAddr);
}
