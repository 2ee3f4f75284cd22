package org.jmmu.race.mremappeek;

import java.util.List;
import org.jmmu.race.Race;

/** Race mremap-peek, as the catalogue lists it. */
public final class MremapPeekRace implements Race {
  @Override
  public String slug() {
    return "mremap-peek";
  }

  @Override
  public String title() {
    return "reverse-map walk of a migration against mremap (2011)";
  }

  @Override
  public List<MremapPeekVariant> variants() {
    return List.of(MremapPeekVariant.values());
  }

  @Override
  public String interleaving() {
    return """
    M: migrates page X            W: mremap, X moves from A to B
    ----------------------------  ----------------------------
    lock page X
    walk 1: X's entry at A
      becomes a migration entry
    copy X to another frame
    walk 2 looks at B: nothing
                                  A's entry goes to B
    walk 2 looks at A: nothing
    unlock, free X's old frame
                                  access to X: a migration
                                    entry that nobody ends:
                                    BUG
    """;
  }
}
