package org.jmmu.race;

/** What a protocol variant is expected to show when it is hunted. */
public enum Verdict {
  /** The race can be lost: a hunt must catch it. */
  BROKEN,
  /** The race cannot be lost: a hunt must not catch it. */
  CORRECT,
  /** As {@link #CORRECT}, at a price that kept it out of the kernel or got it replaced. */
  COSTLY;

  /** Whether a hunt must catch a variant of this verdict. */
  public boolean catchable() {
    return this == BROKEN;
  }
}
