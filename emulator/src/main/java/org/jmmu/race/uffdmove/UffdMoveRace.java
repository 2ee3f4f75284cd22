package org.jmmu.race.uffdmove;

import java.util.List;
import org.jmmu.race.Race;

/** Race uffd-move, as the catalogue lists it. */
public final class UffdMoveRace implements Race {
  @Override
  public String slug() {
    return "uffd-move";
  }

  @Override
  public String title() {
    return "reverse-map walk without the page lock against UFFDIO_MOVE (2023)";
  }

  @Override
  public List<UffdMoveVariant> variants() {
    return List.of(UffdMoveVariant.values());
  }

  /** Two stores next to each other: 2-D. */
  @Override
  public boolean hasNarrowWindows() {
    return true;
  }

  @Override
  public String interleaving() {
    return """
    R: walks, without the lock    M: UFFDIO_MOVE, X from A to B
       of page X
    ----------------------------  ----------------------------
    mapping of X: anon_vma A
                                  lock page X, lock A
                                  A's entry of X cleared
                                  mapping: B, index: new
                                  B's entry of X set
                                  unlock A, unlock page X
    try-lock A: got it
    X is mapped: A is its own
    walks A's tree with the
      new index: nothing, or
      somebody else's VMAs
    """;
  }
}
