package org.jmmu.race.migrationwait;

import java.util.List;
import org.jmmu.race.Race;

/** Race migration-wait, as the catalogue lists it. */
public final class MigrationWaitRace implements Race {
  @Override
  public String slug() {
    return "migration-wait";
  }

  @Override
  public String title() {
    return "fault on a migration entry against the end of the migration (2010)";
  }

  @Override
  public List<MigrationWaitVariant> variants() {
    return List.of(MigrationWaitVariant.values());
  }

  @Override
  public String interleaving() {
    return """
    M: migrates page X            F: reads X
    ----------------------------  ----------------------------
    lock page X
    walk 1: X's entry becomes a
      migration entry
    copy X to another frame
    walk 2 misses the entry
    unlock, free X's old frame
    the frame becomes a page of
      another process
                                  an entry for an unlocked
                                    page: stop (BUG), die
                                    (SIGBUS), or map it again:
                                    X shows the other
                                    process's page (CLEANUP)
    """;
  }
}
