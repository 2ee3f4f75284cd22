package org.jmmu.rmap;

import org.jmmu.pgtable.Pte;
import org.jmmu.swap.MigrationEntry;
import org.jmmu.swap.SwapPte;
import org.jmmu.types.Vma;

/**
 * Second walk of a migration: makes every migration entry for the old frame map the new one. An
 * entry that this walk does not find stays behind: a dangling migration entry.
 *
 * <p>The walk's page is the new one, its {@code arg} the old frame; the two are equal when a
 * migration is undone.
 *
 * @kernel mm/migrate.c:remove_migration_ptes
 */
public final class RemoveMigrationPtes implements RmapOne {
  private final MremapPeekProtocol protocol;
  private final MremapPeekProtocol.Parts parts;

  public RemoveMigrationPtes(MremapPeekProtocol protocol, MremapPeekProtocol.Parts parts) {
    this.protocol = protocol;
    this.parts = parts;
  }

  @Override
  public boolean rmapOne(long pfn, Vma vma, long vaddr, long oldPfn) {
    return protocol.removeMigrationPte(parts, pfn, vma, vaddr, oldPfn);
  }

  /** What becomes of a migration entry whose page is in frame {@code pfn} now. */
  public static long restored(long entry, long pfn, Vma vma) {
    long pteVal = Pte.of(pfn, Pte.prot(vma.vmFlagsGetOpaque()));
    if (MigrationEntry.isWritable(entry)) {
      pteVal = Pte.mkWrite(pteVal);
    }
    if (SwapPte.isUffdWp(entry)) {
      pteVal = Pte.mkUffdWp(pteVal);
    }
    if (MigrationEntry.isYoung(entry)) {
      pteVal = Pte.mkYoung(pteVal);
    }
    return MigrationEntry.isDirty(entry) ? Pte.mkDirty(pteVal) : pteVal;
  }
}
