package org.jmmu.race.execstack;

/**
 * How far the stack moves, and whether it gets there. Where nothing else is said it is two pages
 * long, and X is the lower one, which moves first.
 */
public enum Interleaving {
  /** By three pages: its entries stay in their page table, and the move allocates nothing. */
  NEAR("0-E near"),

  /** So far that each of the two pages needs a new page table. */
  FAR("0-E far"),

  /**
   * As FAR, with few frames left: without one for the second table the move ends half way, and
   * execve tears the address space down. X is the upper page, which stays behind.
   */
  SHORT("0-E short"),

  /** The stack is so long that a whole page table moves at once. */
  LONG("0-E long");

  private final String id;

  Interleaving(String id) {
    this.id = id;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }
}
