package org.jmmu.race.uffdmove;

/** What happens to page X while a walk is on its way to it, and what the walk does about locks. */
public enum Interleaving {
  /** X moves; the walk gives up rather than wait: it gets the anon_vma's lock at once or never. */
  TRYING("2-A", false, false),

  /** The same; then X's old VMA goes, and its anon_vma serves a new one. */
  REUSED("2-B", false, true),

  /** X moves; the walk waits for the anon_vma's lock. */
  WAITING("2-C", true, false);

  private final String id;
  private final boolean waits;
  private final boolean reuses;

  Interleaving(String id, boolean waits, boolean reuses) {
    this.id = id;
    this.waits = waits;
    this.reuses = reuses;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }

  boolean waits() {
    return waits;
  }

  boolean reuses() {
    return reuses;
  }
}
