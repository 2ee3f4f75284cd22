package org.jmmu.race.mpxunmap;

/** What the two threads do about the data D, its table, and what lies in the same span. */
public enum Interleaving {
  /** M unmaps D while U pages the directory out. */
  COLD("4-A cold directory"),

  /** M unmaps D; U maps the table's addresses as soon as they are free, and stores bounds again. */
  TABLE_REUSED("4-B table reused"),

  /** Both store the first bounds of a span. */
  TWO_FAULTS("4-C two faults"),

  /** M unmaps D, the last of its span; U maps something else in the span and stores bounds. */
  NEW_NEIGHBOUR("4-D new neighbour"),

  /** M unmaps D beside a neighbour; U maps D's place again and stores bounds there. */
  PLACE_REUSED("4-E place reused"),

  /** M unmaps D, which lies alone with its table; U accesses D meanwhile. */
  ALONE("4-F alone with its table");

  private final String id;

  Interleaving(String id) {
    this.id = id;
  }

  /** Short name, as in the story of the race. */
  public String id() {
    return id;
  }
}
