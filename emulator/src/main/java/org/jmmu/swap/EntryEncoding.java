package org.jmmu.swap;

/**
 * How a kernel writes non-present page-table words. Reading them needs no choice: a word says
 * itself which of the two it is ({@link SwapPte}), so that the many readers stay as they are, and
 * only the two places where a page leaves a page table ask.
 */
public enum EntryEncoding {
  /** Type on top, offset inverted, with E, young and dirty. @kernel from 4.19 */
  INVERTED {
    @Override
    public long migrationEntry(int type, long pfn, boolean young, boolean dirty) {
      return MigrationEntry.of(type, pfn, young, dirty);
    }

    @Override
    public long swapPte(long entry, boolean exclusive) {
      long pteVal = SwapPte.ofEntry(entry);
      return exclusive ? SwapPte.mkExclusive(pteVal) : pteVal;
    }
  },

  /** Type at the bottom; nothing but the two types tells a writable page from others. */
  LOW_TYPE {
    @Override
    public long migrationEntry(int type, long pfn, boolean young, boolean dirty) {
      return SwapPte.ofLowType(
          type == MigrationEntry.SWP_MIGRATION_WRITE
              ? MigrationEntry.LOW_MIGRATION_WRITE
              : MigrationEntry.LOW_MIGRATION_READ,
          pfn);
    }

    @Override
    public long swapPte(long entry, boolean exclusive) {
      return SwapPte.ofLowType(SwpEntry.type(entry), SwpEntry.offset(entry));
    }
  };

  /**
   * @param type one of today's, as {@link MigrationEntry#SWP_MIGRATION_READ}
   */
  public abstract long migrationEntry(int type, long pfn, boolean young, boolean dirty);

  /** The word that stands for a page in a slot. */
  public abstract long swapPte(long entry, boolean exclusive);
}
