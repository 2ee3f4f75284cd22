package org.jmmu.race.vmaadjust;

import java.util.List;
import org.jmmu.race.Race;

/** Race vma-adjust, as the catalogue lists it. */
public final class VmaAdjustRace implements Race {
  @Override
  public String slug() {
    return "vma-adjust";
  }

  @Override
  public String title() {
    return "reverse-map walk of a migration against vma_adjust (2010)";
  }

  @Override
  public List<VmaAdjustVariant> variants() {
    return List.of(VmaAdjustVariant.values());
  }

  @Override
  public String interleaving() {
    return """
    M: migrates page X            W: mprotect, X's VMA
    ----------------------------  ----------------------------
    lock page X
    walk 1: X's entry becomes a
      migration entry
    copy X to another frame
                                  vma.vm_start = new
    walk 2: address from the new
      start and the old offset:
      wrong, nothing replaced
                                  vma.vm_pgoff = new
    unlock, free X's old frame
                                  access to X: a migration
                                    entry that nobody ends:
                                    BUG
    """;
  }
}
