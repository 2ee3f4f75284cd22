package org.jmmu.race.execstack;

import java.util.List;
import org.jmmu.race.Race;

/** Race exec-stack, as the catalogue lists it. */
public final class ExecStackRace implements Race {
  @Override
  public String slug() {
    return "exec-stack";
  }

  @Override
  public String title() {
    return "reverse-map walk of a migration against the move of a stack in execve (2010)";
  }

  @Override
  public List<ExecStackVariant> variants() {
    return List.of(ExecStackVariant.values());
  }

  @Override
  public String interleaving() {
    return """
    M: migrates page X            W: execve, moves the stack
    ----------------------------  ----------------------------
    lock page X
    walk 1: X's entry becomes a
      migration entry
    copy X to another frame
                                  vma.vm_start = new
    walk 2: address from the new
      start: the entry is not
      there yet
                                  X's entry goes to its new
                                    place
    unlock, free X's old frame
                                  access to X: a migration
                                    entry that nobody ends:
                                    BUG
    """;
  }
}
