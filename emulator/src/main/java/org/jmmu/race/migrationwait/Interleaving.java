package org.jmmu.race.migrationwait;

/**
 * What a fault on a migration entry can meet. In 3-A a kernel whose walks allow it leaves the entry
 * behind: walk 2 of the migration misses it. 3-B and 3-D are not among them; the story says why.
 */
public enum Interleaving {
  /** The entry was left behind, and the frame it names is free. */
  FREED("3-A freed"),

  /** The entry was left behind, and the frame it names is another process's page by now. */
  REUSED("3-A reused"),

  /**
   * The entry was left behind by a migration that failed, as somebody held a reference on the page;
   * that reference keeps the frame what it was.
   */
  HELD("3-A held"),

  /** The migration is under way, and its walk 2 misses nothing. */
  MET("3-C met");

  private final String id;

  Interleaving(String id) {
    this.id = id;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }
}
