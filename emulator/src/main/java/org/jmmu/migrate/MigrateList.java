package org.jmmu.migrate;

import org.jmmu.migrate.MigratePages.Mode;
import org.jmmu.migrate.MigratePages.Result;

/**
 * Migrates a list of isolated pages, and tries again what failed for now.
 *
 * <p>Other than the kernel, which unmaps a batch of pages before it moves the first one, this
 * unmaps and moves page by page; a page that could not be moved is mapped again between two tries.
 *
 * @kernel mm/migrate.c:migrate_pages
 */
public final class MigrateList {
  /** Returned instead of a number of pages: there was no frame to move to. */
  public static final int ENOMEM = -1;

  private static final int NR_MAX_MIGRATE_PAGES_RETRY = 10;
  private static final int NR_MAX_MIGRATE_ASYNC_RETRY = 3;
  private static final int NR_MAX_MIGRATE_SYNC_RETRY =
      NR_MAX_MIGRATE_PAGES_RETRY - NR_MAX_MIGRATE_ASYNC_RETRY;

  private final MigratePages migratePages;

  public MigrateList(MigratePages migratePages) {
    this.migratePages = migratePages;
  }

  /**
   * Moves what can be moved; the others stay on the list.
   *
   * @return pages left on the list, or {@link #ENOMEM} with an unknown number of them
   */
  public int migrate(IsolatedPages from, MigrationTarget target, Mode mode) {
    if (mode == Mode.ASYNC) {
      return passes(from, 0, from.nr(), target, mode, NR_MAX_MIGRATE_PAGES_RETRY);
    }
    int rc = passes(from, 0, from.nr(), target, Mode.ASYNC, NR_MAX_MIGRATE_ASYNC_RETRY);
    // What is left, one by one: who waits for a page lock shall hold up no other page meanwhile.
    for (int i = from.nr() - 1; i >= 0 && rc != ENOMEM; i--) {
      rc = passes(from, i, i + 1, target, mode, NR_MAX_MIGRATE_SYNC_RETRY);
    }
    return rc == ENOMEM ? ENOMEM : from.nr();
  }

  /** Pages left of those at [{@code first}, {@code end}). */
  private int passes(
      IsolatedPages from, int first, int end, MigrationTarget target, Mode mode, int nrPasses) {
    int left = end - first;
    for (int pass = 0; pass < nrPasses && left > 0; pass++) {
      for (int i = first + left - 1; i >= first; i--) {
        Result result = migratePages.tryMigrate(from.pfn(i), target, mode);
        if (result == Result.ENOMEM) {
          return ENOMEM;
        }
        if (result == Result.MIGRATED) {
          from.forget(i);
          left--;
        }
      }
    }
    return left;
  }
}
