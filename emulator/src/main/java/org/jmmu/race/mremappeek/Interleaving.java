package org.jmmu.race.mremappeek;

/**
 * The places that mremap moves page X to. The source is a VMA whose first page is X, and the walk
 * visits it and the destination in the order in which they came onto the anon_vma's list.
 */
public enum Interleaving {
  /** A VMA of its own, made for the move: the walk visits it behind the source. */
  BEHIND("0-F behind"),

  /** A VMA that was there before the source and takes X over: the walk visits it first. */
  BEFORE("0-F before");

  private final String id;

  Interleaving(String id) {
    this.id = id;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }
}
