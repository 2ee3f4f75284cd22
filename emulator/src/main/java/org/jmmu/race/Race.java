package org.jmmu.race;

import java.util.List;

/** A race of Linux mm code over page tables; found with {@link java.util.ServiceLoader}. */
public interface Race {
  /** Lower case, words joined by hyphens; the name on the command line. */
  String slug();

  /** One line: who races with whom over what. */
  String title();

  /** All protocols, in the order a reader wants to meet them: the broken one first. */
  List<? extends RaceVariant> variants();

  /**
   * Whether it is lost in windows of a few instructions, which plain samples hardly ever meet: a
   * hunt then lets threads spin at pause points now and then, under all variants alike.
   */
  default boolean hasNarrowWindows() {
    return false;
  }

  /** How the race is lost: several lines, a column per CPU, time running down. */
  String interleaving();
}
